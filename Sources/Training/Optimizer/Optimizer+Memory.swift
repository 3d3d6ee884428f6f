import Checkpoint
import Collective
import Torch

extension Optimizer {
  /// What a checkpoint holds of the moments, by key: `<moment>.<parameter>`.
  var memoryShapes: [(name: String, shape: [Int])] {
    rule.moments.flatMap { moment in
      flat.parameters.map { (Self.key(moment, $0), $0.tensor.shape) }
    }
  }

  private static func key(_ moment: String, _ parameter: Parameter) -> String {
    prefix(moment) + parameter.name
  }

  /// What stands before a parameter's name in the key of its moment.
  static func prefix(_ moment: String) -> String { "\(moment)." }

  /// Copies every weight's moments to `targets`, one for each moment, on rank 0 alone; every rank must call it, between
  /// two steps.
  ///
  /// Divided moments pass through the gradients' buffers, which hold nothing then, so no rank needs more memory.
  func copyMoments(to targets: [UnsafeMutableBufferPointer<Float>]?) throws(CollectiveError) {
    for (index, moment) in moments.enumerated() {
      let target = targets?[index]
      guard exchange.isDivided else {
        if let target { moment.copy(to: target) }
        continue
      }
      let own = moment.tensor.floats()
      try exchange.gather(own, through: flat.sharedGradients, to: target)
      // Last, since the others make their next moment ready meanwhile.
      if let target { copy(exchange.owned(of: 0..<own.count), of: own, to: target) }
    }
  }

  /// Takes over this rank's part of a file's moments, which have been checked to fit.
  func fill(from file: some NamedTensors) {
    let updated = exchange.updated(of: 0..<flat.layout.count)
    for (name, moment) in zip(rule.moments, moments) {
      for (index, parameter) in flat.parameters.enumerated() {
        let key = Self.key(name, parameter)
        guard exchange.isDivided else {
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

extension FlatTensor {
  /// Copies the floats of `range` from `bytes`, whose first belongs at `start`.
  fileprivate func fill(_ range: Range<Int>, from bytes: UnsafeRawBufferPointer, startingAt start: Int) {
    let width = MemoryLayout<Float>.stride
    let source = bytes[(range.lowerBound - start) * width..<(range.upperBound - start) * width]
    UnsafeMutableRawBufferPointer(
      rebasing: UnsafeMutableRawBufferPointer(tensor.floats())[
        range.lowerBound * width..<range.upperBound * width]
    ).copyMemory(from: UnsafeRawBufferPointer(rebasing: source))
  }
}
