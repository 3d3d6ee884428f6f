public import Checkpoint
import Collective
import Model
import Recipe
import Torch

extension Trainer {
  static let modelFile = "model"
  static let optimizerFile = "optimizer"
  static let averageFile = "average"

  /// The host memory, in bytes, to which a checkpoint's tensors are copied; a card's are read back to other
  /// memory.
  public var savedByteCount: Int {
    guard flat.isOnHost else { return 0 }
    return (1 + optimizer.moments.count + (average == nil ? 0 : 1)) * flat.byteCount
  }

  /// Copies a checkpoint's content, on one rank or several, while all others call `shareForSaving()` after
  /// the same step.
  ///
  /// Throws `TrainingError.weightsDiffer` on every rank if the ranks' weights differ.
  public func save(to snapshot: inout Snapshot) throws(TrainingError) {
    try settle()
    guard flat.isOnHost else { return try saveFromCard(to: &snapshot) }
    let weights = flat.room(in: &snapshot, file: Self.modelFile)
    let moments = optimizer.rule.moments.map { moment in
      flat.room(in: &snapshot, file: Self.optimizerFile, prefix: Optimizer.prefix(moment))
    }
    let averages = average.map { _ in flat.room(in: &snapshot, file: Self.averageFile) }
    try weightCheck.compare(after: optimizer.steps, copyingTo: weights)
    // What only this rank needs comes first, while the others prepare their part.
    if let average, let averages { average.copy(to: averages) }
    try collectively(try optimizer.copyMoments(to: moments))
  }

  /// Queues the card's copies of its state between the steps before and after them, so only the writer of the
  /// checkpoint waits.
  private func saveFromCard(to snapshot: inout Snapshot) throws(TrainingError) {
    try weightCheck.compare(after: optimizer.steps)
    flat.read(flat.weights, back: &snapshot, file: Self.modelFile)
    for (name, moment) in zip(optimizer.rule.moments, optimizer.moments) {
      flat.read(moment, back: &snapshot, file: Self.optimizerFile, prefix: Optimizer.prefix(name))
    }
    if let average { flat.read(average.state, back: &snapshot, file: Self.averageFile) }
  }

  /// Provides this rank's part of a checkpoint to the ranks that save; throws where `save(to:)` does.
  public func shareForSaving() throws(TrainingError) {
    try settle()
    try weightCheck.compare(after: optimizer.steps)
    try collectively(try optimizer.copyMoments(to: nil))
  }
}

extension VerifiedCheckpoint {
  /// Reads the checkpoint's weights or their running average; throws where it has no average.
  public func weights(average: Bool) throws(CheckpointError) -> SafetensorsFile {
    try tensors(of: average ? Trainer.averageFile : Trainer.modelFile)
  }
}

extension FlatParameters {
  /// Bytes of one number per weight, gaps included.
  var byteCount: Int { layout.count * MemoryLayout<Float>.stride }

  /// Takes memory of a snapshot for one number per weight, to be written to `file` under the parameters'
  /// names.
  fileprivate func room(
    in snapshot: inout Snapshot, file: String, prefix: String = ""
  ) -> UnsafeMutableBufferPointer<Float> {
    let floats = snapshot.take(byteCount).bindMemory(to: Float.self)
    snapshot.add(views(of: floats, prefix: prefix), to: file)
    return floats
  }

  /// Starts a card's copy of one number per weight, to be written to `file` under the parameters' names.
  fileprivate func read(
    _ state: FlatState, back snapshot: inout Snapshot, file: String, prefix: String = ""
  ) {
    let readback = Readback(state.tensor)
    snapshot.add(views(of: readback.place.bindMemory(to: Float.self), prefix: prefix), to: file) {
      readback.wait()
    }
  }

  private func views(of floats: UnsafeMutableBufferPointer<Float>, prefix: String) -> [TensorView] {
    zip(parameters, layout.places).map { parameter, place in
      TensorView(
        name: prefix + parameter.name, type: .float32, shape: parameter.tensor.shape,
        bytes: UnsafeRawBufferPointer(UnsafeMutableBufferPointer(rebasing: floats[place.range])))
    }
  }
}

extension Trainer {
  /// Resumes from a checkpoint saved by any number of ranks; changes nothing unless everything fits.
  public func resume(_ checkpoint: VerifiedCheckpoint) throws -> TrainingState {
    let state = try checkpoint.state(TrainingState.self)
    let model = try checkpoint.tensors(of: Self.modelFile)
    let moments = try checkpoint.tensors(of: Self.optimizerFile)
    let averages = try average.map { _ in try checkpoint.tensors(of: Self.averageFile) }
    let shapes = network.parameters.map { ($0.name, $0.tensor.shape) }
    try WeightsMismatch.check(model, against: shapes)
    try WeightsMismatch.check(moments, against: optimizer.memoryShapes)
    if let averages { try WeightsMismatch.check(averages, against: shapes) }
    for parameter in network.parameters { parameter.tensor.fill(from: model, named: parameter.name) }
    if let average, let averages { average.fill(from: averages) }
    optimizer.fill(from: moments)
    optimizer.resume(atStep: state.steps)
    if let thawed = thawedAfter(state) {
      thaw(after: thawed)
    } else {
      // Parameters that learnt in the earlier run and are frozen now start anew when they are unfrozen.
      optimizer.forgetFrozen()
    }
    if lossScale != nil, let saved = state.lossScale { lossScale = saved }
    return state
  }
}

extension Trainer {
  /// Starts from a file's weights; changes none unless all fit.
  public func load(_ file: some NamedTensors) throws(WeightsMismatch) {
    try network.load(file)
    average?.restart()
  }

  /// Starts from a file's weights that were trained on another task.
  ///
  /// - Returns: The keys that the file did not fill, as `Network.loadForFinetuning` returns them.
  public func loadForFinetuning(_ file: some NamedTensors) throws(WeightsMismatch) -> [String] {
    let fresh = try network.loadForFinetuning(file)
    average?.restart()
    return fresh
  }

  /// Starts from the running average stored in a checkpoint; throws where there is none or it does not fit.
  public func loadAverage(of checkpoint: VerifiedCheckpoint) throws {
    try load(try checkpoint.tensors(of: Self.averageFile))
  }
}
