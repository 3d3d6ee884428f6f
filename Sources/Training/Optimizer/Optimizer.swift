import Checkpoint
import Collective
public import Recipe
import Torch

/// Moves a network's weights, or this rank's part of them, along their gradients, and keeps the moments
/// between steps.
public final class Optimizer {
  /// Updates made so far.
  public private(set) var steps = 0

  let flat: FlatParameters
  let exchange: RankExchange
  let rule: any UpdateRule
  /// One state per moment of the rule; in a sharded update only this rank's blocks are valid.
  let moments: [FlatState]
  /// What this rank updates in host memory, cut at block edges and where decay or pace changes.
  private var pieces: [Piece] = []
  private let values: Recipe.Optimizer
  private let unbounded: Set<Int>

  /// A range of weights, with the shape of its parameter where it belongs to a single one.
  private struct Piece {
    let place: FlatLayout.Place
    var shape: [Int]?
    var isBounded = true
  }

  /// Makes an optimizer.
  ///
  /// - Parameter unbounded: The numbers of parameters whose gradients adaptive clipping leaves alone.
  init(
    _ flat: FlatParameters, _ values: Recipe.Optimizer, _ exchange: RankExchange, unbounded: Set<Int> = []
  ) {
    (self.flat, self.unbounded) = (flat, unbounded)
    (self.exchange, self.values) = (exchange, values)
    let rule = updateRule(values)
    self.rule = rule
    moments = rule.moments.map { _ in FlatState(zeros: flat.layout, shapes: flat.shapes, on: flat.device) }
    follow()
  }

  /// Follows the parameters' layout after a change of what learns.
  func follow() {
    guard values.takesWholeParameters else {
      pieces = flat.layout.pieces(of: flat.layout.learning.flatMap(exchange.updated)).map { Piece(place: $0) }
      return
    }
    pieces = flat.learning.map {
      Piece(place: flat.layout.places[$0], shape: flat.shapes[$0], isBounded: !unbounded.contains($0))
    }
  }

  /// How many moments a rule keeps per weight.
  public static func moments(of values: Recipe.Optimizer) -> Int { updateRule(values).moments.count }

  /// Makes the optimizer of a network that trains on one rank.
  public convenience init(_ flat: FlatParameters, _ values: Recipe.Optimizer) {
    self.init(flat, values, RankExchange(SoloGroup(), Parallelism(), on: flat.device))
  }

  /// Moves every parameter one step along `gradientScale` times its gradient; in a sharded update only this
  /// rank's blocks.
  ///
  /// - Parameter numbers: On a card, the step's number and rate for each pace.
  func update(
    learningRate: Double, gradientScale: Double, numbers: [UpdateNumbers]? = nil
  ) {
    if let numbers {
      if gradientScale != 1 { flat.gradients.tensor.scale(by: gradientScale) }
      clipParts()
      move(at: numbers, within: UpdateLimits())
    } else {
      moveFloats(learningRate: learningRate, gradientScale: gradientScale)
    }
    countUpdate()
  }

  /// On a card, moves every parameter one step along its gradient, within limits that the card computes.
  ///
  /// Since it may be recorded and replayed, `countUpdate()` counts it separately.
  func move(at numbers: [UpdateNumbers], within limits: UpdateLimits) {
    let places = flat.layout.places
    for (pace, numbers) in zip(flat.layout.paces, numbers) {
      for decays in [false, true] {
        let chosen = places.indices.filter { places[$0].pace == pace && places[$0].decays == decays }
        rule.update(
          weights: chosen.map { flat.weights.parts[$0] }, gradients: chosen.map { flat.gradients.parts[$0] },
          moments: moments.map { flat in chosen.map { flat.parts[$0] } }, decays: decays,
          isFirst: steps == pace.start, at: numbers, within: limits)
      }
    }
  }

  /// Counts an update made by `move(at:within:)`.
  func countUpdate() { steps += 1 }

  /// Sets the number of updates, after a checkpoint's moments have been loaded.
  func resume(atStep step: Int) { steps = step }

  private func moveFloats(learningRate: Double, gradientScale: Double) {
    let weights = flat.weights.tensor.floats()
    let gradients = flat.gradients.tensor.floats()
    let moments = moments.map { $0.tensor.floats() }
    _ = concurrently(pieces) { [steps] piece in
      let (part, pace) = (piece.place.range, piece.place.pace ?? Pace())
      let floats = FlatUpdate(
        weights: UnsafeMutableBufferPointer(rebasing: weights[part]),
        gradients: UnsafeMutableBufferPointer(rebasing: gradients[part]),
        moments: moments.map { UnsafeMutableBufferPointer(rebasing: $0[part]) },
        shape: piece.shape)
      let scalars = UpdateScalars(
        steps: steps - pace.start, learningRate: learningRate * pace.factor,
        gradientScale: clipped(floats, gradientScale, isBounded: piece.isBounded))
      rule.update(floats, decays: piece.place.decays, at: scalars)
    }
  }
}

extension Optimizer {
  /// Clips a card's gradients by value, or adaptively by output.
  func clipParts() {
    guard let limit = values.clip else { return }
    switch values.clipMode {
    case .norm: break
    case .value: flat.gradients.tensor.clip(to: limit)
    case .agc:
      let bounded = flat.learning.filter { !unbounded.contains($0) }
      clipUnits(
        of: bounded.map { flat.gradients.parts[$0] }, weights: bounded.map { flat.weights.parts[$0] },
        to: limit)
    }
  }

  /// Clips gradients in host memory likewise; returns the factor still to be applied, 1 where clipping
  /// applied `scale`.
  private func clipped(_ floats: FlatUpdate, _ scale: Double, isBounded: Bool) -> Double {
    guard let limit = values.clip else { return scale }
    switch values.clipMode {
    case .norm: return scale
    case .value: floats.clipValues(scale: scale, to: limit)
    case .agc:
      guard isBounded else { return scale }
      floats.clipUnits(scale: scale, to: limit)
    }
    return 1
  }

  /// The moments' keys in a checkpoint, `<moment>.<parameter>`, and their shapes.
  var memoryShapes: [(name: String, shape: [Int])] {
    rule.moments.flatMap { moment in
      flat.parameters.map { (Self.key(moment, $0), $0.tensor.shape) }
    }
  }

  private static func key(_ moment: String, _ parameter: Parameter) -> String {
    prefix(moment) + parameter.name
  }

  /// The part of a moment's key before the parameter's name.
  static func prefix(_ moment: String) -> String { "\(moment)." }

  /// Copies every weight's moments to `targets`, one for each moment, on the ranks that pass any; every rank
  /// must call it, between two steps.
  ///
  /// Sharded moments pass through the gradients' buffers, which are free then, so no rank needs more memory.
  func copyMoments(to targets: [UnsafeMutableBufferPointer<Float>]?) throws(CollectiveError) {
    for (index, moment) in moments.enumerated() {
      let target = targets?[index]
      guard exchange.isSharded else {
        if let target { moment.copy(to: target) }
        continue
      }
      let own = moment.tensor.floats()
      try exchange.gather(own, through: flat.sharedGradients, to: target)
      // Last, since the others prepare their next moment meanwhile.
      if let target { copy(exchange.owned(of: 0..<own.count), of: own, to: target) }
    }
  }

  /// Loads this rank's part of a file's moments, which have been checked to fit.
  func fill(from file: some NamedTensors) {
    let updated = exchange.updated(of: 0..<flat.layout.count)
    for (name, moment) in zip(rule.moments, moments) {
      for (index, parameter) in flat.parameters.enumerated() {
        let key = Self.key(name, parameter)
        guard exchange.isSharded else {
          moment.parts[index].fill(from: file, named: key)
          continue
        }
        guard let view = try? file.tensor(named: key) else { fatalError("\(key) was checked and is gone") }
        let place = flat.layout.places[index].range
        for range in updated where range.overlaps(place) {
          moment.fill(range.clamped(to: place), from: view.bytes, startingAt: place.lowerBound)
        }
      }
    }
  }
}

extension Optimizer {
  /// Zeroes the moments of frozen parameters, as before their first update; only those that this rank keeps,
  /// since untouched pages take no memory.
  func forgetFrozen() {
    for place in flat.layout.places where place.pace == nil {
      for range in exchange.updated(of: place.range) where !range.isEmpty {
        for moment in moments { moment.tensor.narrowed(0, to: range).zero() }
      }
    }
  }
}

extension FlatState {
  /// Copies the floats of `range` from `bytes`, whose first float has index `start`.
  fileprivate func fill(_ range: Range<Int>, from bytes: UnsafeRawBufferPointer, startingAt start: Int) {
    let width = MemoryLayout<Float>.stride
    let source = bytes[(range.lowerBound - start) * width..<(range.upperBound - start) * width]
    UnsafeMutableRawBufferPointer(
      rebasing: UnsafeMutableRawBufferPointer(tensor.floats())[
        range.lowerBound * width..<range.upperBound * width]
    ).copyMemory(from: UnsafeRawBufferPointer(rebasing: source))
  }
}
