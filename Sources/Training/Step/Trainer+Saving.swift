public import Checkpoint
import Collective
import Torch

extension Trainer {
  static let modelFile = "model"
  static let optimizerFile = "optimizer"
  static let averageFile = "average"

  /// Bytes of a checkpoint's tensors in memory.
  public var savedByteCount: Int {
    (1 + optimizer.moments.count + (average == nil ? 0 : 1)) * flat.byteCount
  }

  /// Copies what a checkpoint holds, on rank 0, while all other ranks `shareForSaving`: each after the same step.
  ///
  /// Throws `TrainingError.weightsDiffer` on every rank rather than saving weights that are one rank's alone.
  public func save(to snapshot: inout Snapshot) throws(TrainingError) {
    let weights = flat.room(in: &snapshot, file: Self.modelFile)
    let moments = optimizer.rule.moments.map { moment in
      flat.room(in: &snapshot, file: Self.optimizerFile, prefix: Optimizer.prefix(moment))
    }
    let averages = average.map { _ in flat.room(in: &snapshot, file: Self.averageFile) }
    try weightCheck.compare(after: optimizer.steps, copyingTo: weights)
    // What this rank has by itself comes first: the others make theirs ready meanwhile.
    if let average, let averages { average.copy(to: averages) }
    try collectively { () throws(CollectiveError) in try optimizer.copyMoments(to: moments) }
  }

  /// Lends rank 0 this rank's part of a checkpoint; throws where `save` does.
  public func shareForSaving() throws(TrainingError) {
    try weightCheck.compare(after: optimizer.steps)
    try collectively { () throws(CollectiveError) in try optimizer.copyMoments(to: nil) }
  }
}

extension FlatNetwork {
  /// Bytes of a number for each weight, the gaps included.
  var byteCount: Int { layout.count * MemoryLayout<Float>.stride }

  /// Memory of a snapshot for a number for each weight; `file` will have them under the parameters' names.
  fileprivate func room(
    in snapshot: inout Snapshot, file: String, prefix: String = ""
  ) -> UnsafeMutableBufferPointer<Float> {
    let floats = snapshot.take(byteCount).bindMemory(to: Float.self)
    let views = zip(parameters, layout.places).map { parameter, place in
      TensorView(
        name: prefix + parameter.name, type: .float32, shape: parameter.tensor.shape,
        bytes: UnsafeRawBufferPointer(UnsafeMutableBufferPointer(rebasing: floats[place.range])))
    }
    snapshot.add(views, to: file)
    return floats
  }
}
