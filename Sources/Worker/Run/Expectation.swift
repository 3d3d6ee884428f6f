import Datasets
import Model
import Recipe
import System
import Torch
import Training

/// What a run will take, as far as that is known before its first step: lines for `--dry-run`.
///
/// Pure. What is not known is said to be so, with the command that finds it out.
struct Expectation: Equatable {
  /// Updates that an epoch makes, and the run.
  let updates: (epoch: Int, all: Int)
  /// Nil where the network's size is not known before it is made.
  var memory: Memory?
  /// Nil likewise, and where nothing is written.
  var disk: DiskRoom?
  var pace: EarlierPace?
  /// Images that an epoch trains on.
  let images: Int
  /// What measures some steps where no earlier run tells of them.
  let measurement: String

  static func == (one: Self, other: Self) -> Bool { one.lines == other.lines }

  /// Bytes of what a worker keeps from step to step.
  struct Memory: Equatable {
    let weights: Int
    /// Of the optimizer, where it is not divided.
    let moments: Int
    /// How many ranks divide that.
    let shares: Int
    let average: Int

    /// - Parameters:
    ///   - parameters: Numbers that are learnt.
    ///   - moments: Numbers that the optimizer remembers of each.
    init(parameters: Int, moments: Int, shares: Int, averages: Bool) {
      weights = parameters * MemoryLayout<Float>.stride
      self.moments = moments * weights
      self.shares = max(1, shares)
      average = averages ? weights : 0
    }

    /// Gradients are as large as the weights.
    var all: Int { 2 * weights + moments / shares + average }

    var line: String {
      let share = shares > 1 ? " (of \(byteSize(moments)) on all \(shares))" : ""
      let parts =
        ["weights \(byteSize(weights))", "gradients \(byteSize(weights))"]
        + (moments > 0 ? ["moments \(byteSize(moments / shares))\(share)"] : [])
        + (average > 0 ? ["average \(byteSize(average))"] : [])
      return "Memory: \(byteSize(all)) a worker for \(parts.joined(separator: ", ")); "
        + "what activations and libraries take comes to it, and only a step tells it"
    }
  }

  var lines: [String] {
    ["Updates: \(updates.epoch) an epoch, \(updates.all) in all"]
      + [memory?.line, disk?.line].compactMap(\.self) + [time]
  }

  private var time: String {
    guard let pace else {
      return
        "Time: not known, since no run like this lies beside its folder. Some steps to measure: \(measurement)"
    }
    let epoch = Double(images) / pace.imagesPerSecond
    let epochs = Double(updates.all) / Double(max(1, updates.epoch))
    return
      "Time: \(ReferenceLines.duration(epoch)) an epoch and \(ReferenceLines.duration(epoch * epochs)) in all, at "
      + "\(fixed(pace.imagesPerSecond, 1)) images/s as in \(masked(pace.folder)), if this machine is as free as it was then; "
      + "evaluation and saving come to it"
  }
}

extension Expectation {
  /// Of a plan on that rank's device.
  init(_ plan: RunPlan, _ rank: Rank) {
    let recipe = plan.recipe
    updates = (recipe.updates(of: plan.updates), recipe.allUpdates(of: plan.updates))
    images = updates.epoch * recipe.imagesPerUpdate
    disk = DiskRoom(plan)
    memory = ModelFacts.parameters(of: plan).map {
      let divides =
        plan.parallelism.shardsOptimizer ?? true && rank.device == .cpu
        && !recipe.optimizer.takesWholeParameters
      return Memory(
        parameters: $0, moments: Optimizer.moments(of: recipe.optimizer),
        shares: divides ? recipe.worldSize : 1,
        averages: recipe.ema.enabled)
    }
    pace = EarlierPace(of: recipe, near: plan.folder.path)
    measurement =
      "twins-launch bench step --nproc \(rank.environment.localWorldSize) --model \(recipe.model.name) "
      + "--input-size \(recipe.data.inputSize) --batch-size \(recipe.data.batchSize)"
      + (recipe.precision.level == .O0 ? "" : " --amp \(recipe.precision.level.rawValue)")
  }
}

extension ModelFacts {
  /// Numbers that the network of a plan learns; nil where that is not known before it is made.
  static func parameters(of plan: RunPlan) -> Int? {
    parameters(
      of: plan.recipe.model.name, classes: plan.data.classes.count, side: plan.recipe.data.inputSize)
  }

  /// Numbers that a network for so many classes and images of that side learns, without making it; nil where that is not
  /// known.
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
