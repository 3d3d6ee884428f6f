import Datasets
import Model
import Recipe
import System
import Torch
import Training

/// What a run will need, as far as known before its first step: lines for `--dry-run`.
///
/// A pure value. Unknown figures are named as such, with the command that measures them.
struct Expectation: Equatable {
  /// The number of updates of an epoch and of the run.
  let updates: (epoch: Int, all: Int)
  /// The number of updates that a resumed run has made.
  var done = 0
  /// Nil if the network's size is unknown before it is made.
  var memory: Memory?
  /// Nil for the same reason, and if nothing is written.
  var disk: DiskRoom?
  var pace: EarlierPace?
  /// Images per second of all ranks, calculated from the processors' peak rate; nil if that is not
  /// meaningful.
  var reckoned: Double?
  /// The images of an epoch.
  let images: Int
  /// The command that measures some steps if no earlier run tells.
  let measurement: String

  static func == (one: Self, other: Self) -> Bool { one.lines == other.lines }

  /// The bytes that a worker keeps from step to step, and what a step needs besides if that is known.
  struct Memory: Equatable {
    let weights: Int
    /// The optimizer's moments, if they are not sharded.
    let moments: Int
    /// The number of ranks that share them.
    let shares: Int
    let average: Int
    /// The memory of a step; nil if only a step can tell.
    var step: Step?

    /// The memory that a step needs besides what is kept.
    struct Step: Equatable {
      /// The activations saved for backward per image, and the number of images.
      let activations: (image: Int, count: Int)
      /// Packed weights, which a host's workers share.
      let packed: Int

      static func == (one: Self, other: Self) -> Bool {
        one.activations == other.activations && one.packed == other.packed
      }
    }

    /// The memory of libtorch and the rest of the program, as measured.
    private static let libraries = 170 << 20

    /// Computes the memory.
    ///
    /// - Parameters:
    /// - parameters: The number of parameters.
    /// - moments: The number of moments per parameter.
    init(parameters: Int, moments: Int, shares: Int, averages: Bool) {
      weights = parameters * MemoryLayout<Float>.stride
      self.moments = moments * weights
      self.shares = max(1, shares)
      average = averages ? weights : 0
    }

    /// Gradients are as large as the weights.
    var kept: Int { 2 * weights + moments / shares + average }

    /// Rank 0's copy of all ranks' state, saved while training continues.
    private var copy: Int { weights + moments + average }

    var line: String {
      let share = shares > 1 ? " (of \(byteSize(moments)) on all \(shares))" : ""
      let parts =
        ["weights \(byteSize(weights))", "gradients \(byteSize(weights))"]
        + (moments > 0 ? ["moments \(byteSize(moments / shares))\(share)"] : [])
        + (average > 0 ? ["average \(byteSize(average))"] : [])
      guard let step else {
        return "Memory: \(byteSize(kept)) a worker for \(parts.joined(separator: ", ")); "
          + "what activations and libraries take comes to it, and only a step tells it"
      }
      let activations = step.activations.image * step.activations.count
      let more =
        ["activations \(byteSize(activations)) (\(byteSize(step.activations.image)) an image)"]
        + (step.packed > 0 ? ["packed weights \(byteSize(step.packed))"] : [])
        + ["libraries \(byteSize(Self.libraries))"]
      let all = kept + activations + step.packed + Self.libraries
      return "Memory: about \(byteSize(all)) a worker, for \((parts + more).joined(separator: ", ")); "
        + "on rank 0 \(byteSize(copy)) more, which it copies to be saved"
    }
  }

  var lines: [String] {
    [
      "Updates: \(updates.epoch) an epoch, \(updates.all) in all"
        + (done > 0 ? ", of which \(done) are made" : "")
    ]
      + [memory?.line, disk?.line].compactMap(\.self) + [time]
  }

  private var time: String {
    if let pace {
      return
        "Time: \(time(at: pace.imagesPerSecond)), at \(fixed(pace.imagesPerSecond, 1)) images/s as in \(masked(pace.folder)), if "
        + "this machine is as free as it was then; evaluation and saving come to it"
    }
    guard let reckoned else {
      return
        "Time: not known, since no run like this lies beside its folder. Some steps to measure: \(measurement)"
    }
    return
      "Time: about \(time(at: reckoned)), at \(fixed(reckoned, 1)) images/s if the processors are free, reckoned from what they "
      + "multiply; evaluation and saving come to it. Some steps to measure: \(measurement)"
  }

  private func time(at imagesPerSecond: Double) -> String {
    let epoch = Double(images) / imagesPerSecond
    let epochs = Double(max(0, updates.all - done)) / Double(max(1, updates.epoch))
    return "\(ReferenceLines.duration(epoch)) an epoch and \(ReferenceLines.duration(epoch * epochs)) "
      + (done > 0 ? "for the rest" : "in all")
  }
}

extension Expectation {
  /// Makes the expectation of a plan on a rank's device.
  ///
  /// - Parameter done: The number of updates that the run has made.
  init(_ plan: RunPlan, _ rank: Rank, done: Int) {
    let recipe = plan.recipe
    updates = (recipe.updates(of: plan.updates), recipe.allUpdates(of: plan.updates))
    images = updates.epoch * recipe.imagesPerUpdate
    self.done = done
    disk = DiskRoom(plan)
    memory = ModelFacts.parameters(of: plan).map { Memory(parameters: $0, plan, rank) }
    pace = EarlierPace(of: recipe, near: plan.folder.path)
    reckoned = recipe.reckonedSpeed(rank)
    measurement =
      "twins-launch bench step --nproc \(rank.environment.localWorldSize) --model \(recipe.model.name) "
      + "--input-size \(recipe.data.inputSize) --batch-size \(recipe.data.batchSize)"
      + (recipe.precision.level == .O0 ? "" : " --amp \(recipe.precision.level.rawValue)")
  }
}

extension Expectation.Memory {
  fileprivate init(parameters: Int, _ plan: RunPlan, _ rank: Rank) {
    let recipe = plan.recipe
    let divides =
      plan.parallelism.shardsOptimizer ?? true && rank.device == .cpu
      && !recipe.optimizer.takesWholeParameters
    self.init(
      parameters: parameters, moments: Optimizer.moments(of: recipe.optimizer),
      shares: divides ? recipe.worldSize : 1, averages: recipe.ema.enabled)
    let activations = SavedActivations(
      of: recipe.model.name, side: recipe.data.inputSize, recipe.computeType,
      recomputes: plan.parallelism.recomputesBlocks)
    guard recipe.isFused(on: rank.device), let activations else { return }
    let forms = recipe.computeType == .float32 ? 2 : 1
    step = Step(
      activations: (activations.bytes, recipe.data.batchSize),
      packed: rank.environment.localWorldSize > 1 ? forms * weights : 0)
  }
}

extension Recipe {
  /// Whether a step uses the project's kernels.
  func isFused(on device: Device) -> Bool {
    kernels.fuses(on: device, computeType) && model.dropout == 0
  }

  /// Images per second of all ranks on an otherwise idle processor; nil if products do not dominate.
  fileprivate func reckonedSpeed(_ rank: Rank) -> Double? {
    guard isFused(on: rank.device), let facts = ModelFacts.all.first(where: { $0.name == model.name }) else {
      return nil
    }
    let side = Double(data.inputSize) / 224
    let workers = max(1, rank.environment.localWorldSize)
    let speed = ReckonedSpeed(
      multiplyAdds: Double(facts.multiplyAdds) * side * side, peak: Runtime.peakRate(computeType),
      threads: Runtime.threads, workers: workers, processors: Processors.usable)
    return speed.imagesPerSecond(batch: data.batchSize).map { $0 * Double(worldSize / workers) }
  }
}

/// The training speed of a host's workers, calculated from the cost of products.
struct ReckonedSpeed {
  /// Multiply-adds per image in the forward pass.
  let multiplyAdds: Double
  /// The peak rate of one worker's threads, in operations per second.
  let peak: Double
  /// The threads of one worker.
  let threads: Int
  let workers: Int
  let processors: Int

  /// The fraction of the peak rate at which products ran in training steps on the processors measured.
  private static let efficiency = 0.6
  /// The shortest step, in seconds, that products dominate.
  private static let shortestStep = 0.05

  /// Images per second of all workers; nil if a step is too short to tell.
  func imagesPerSecond(batch: Int) -> Double? {
    // The backward pass costs twice the forward pass.
    let operations = 3 * 2 * multiplyAdds
    let busy = Double(min(workers * threads, processors)) / Double(threads)
    let speed = Self.efficiency * peak * busy / operations
    return Double(batch * workers) / speed < Self.shortestStep ? nil : speed
  }
}

extension ModelFacts {
  /// The number of parameters of a plan's network; nil if unknown before it is made.
  static func parameters(of plan: RunPlan) -> Int? {
    parameters(
      of: plan.recipe.model.name, classes: plan.data.classes.count, side: plan.recipe.data.inputSize)
  }

  /// The number of parameters of a network for these classes and this image size, without making it; nil if
  /// unknown.
  static func parameters(of name: String, classes: Int, side: Int) -> Int? {
    guard let facts = all.first(where: { $0.name == name }) else { return nil }
    let more = classes - 1000
    if let channels = TwinsConfiguration.named(name)?.stages.last?.channels {
      return facts.parameters + more * (channels + 1)
    }
    guard let shape = VisionTransformer.Shape.named(name) else { return nil }
    func positions(_ side: Int) -> Int { (side / shape.patch) * (side / shape.patch) * shape.channels }
    let heads = shape.isDistilled ? 2 : 1
    return facts.parameters + more * heads * (shape.channels + 1) + positions(side) - positions(224)
  }
}
