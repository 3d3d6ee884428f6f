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
    "\(moment).\(parameter.name)"
  }

  /// Every weight's moments, on rank 0 alone; every rank must call it, between two steps.
  ///
  /// Divided moments travel through the gradients' buffer, which holds nothing then, so only rank 0 needs more memory.
  func memory() throws(CollectiveError) -> [(name: String, tensor: Tensor)]? {
    var named: [(name: String, tensor: Tensor)] = []
    for (name, moment) in zip(rule.moments, moments) {
      let whole = exchange.isDivided ? try gathered(moment) : moment
      guard let whole else { continue }
      named += zip(flat.parameters, whole.parts).map { (Self.key(name, $0), $1) }
    }
    return exchange.group.rank == 0 ? named : nil
  }

  private func gathered(_ moment: FlatTensor) throws(CollectiveError) -> FlatTensor? {
    let (own, room) = (moment.tensor.floats(), flat.sharedGradients)
    for range in exchange.owned(of: 0..<room.count) {
      _ = UnsafeMutableBufferPointer(rebasing: room.floats[range]).update(fromContentsOf: own[range])
    }
    for bucket in flat.layout.buckets { try exchange.group.allGatherBlocks(room, bucket) }
    guard exchange.group.rank == 0 else { return nil }
    let whole = FlatTensor(zeros: flat.layout, shapes: flat.shapes, on: .cpu)
    _ = whole.tensor.floats().update(fromContentsOf: room.floats)
    return whole
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
