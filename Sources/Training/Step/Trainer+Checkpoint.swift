public import Checkpoint
import Collective
import Model
import Recipe
import Torch

extension Trainer {
  static let modelFile = "model"
  static let optimizerFile = "optimizer"
  static let averageFile = "average"

  /// Bytes of memory that a checkpoint's tensors are copied to; a card brings its own.
  public var savedByteCount: Int {
    guard flat.isOnHost else { return 0 }
    return (1 + optimizer.moments.count + (average == nil ? 0 : 1)) * flat.byteCount
  }

  /// Copies what a checkpoint holds, on one rank or several, while all others `shareForSaving`: each after the same step.
  ///
  /// Throws `TrainingError.weightsDiffer` on every rank rather than saving weights that are one rank's alone.
  public func save(to snapshot: inout Snapshot) throws(TrainingError) {
    guard flat.isOnHost else { return try saveFromCard(to: &snapshot) }
    let weights = flat.room(in: &snapshot, file: Self.modelFile)
    let moments = optimizer.rule.moments.map { moment in
      flat.room(in: &snapshot, file: Self.optimizerFile, prefix: Optimizer.prefix(moment))
    }
    let averages = average.map { _ in flat.room(in: &snapshot, file: Self.averageFile) }
    try weightCheck.compare(after: optimizer.steps, copyingTo: weights)
    // What this rank has by itself comes first: the others make theirs ready meanwhile.
    if let average, let averages { average.copy(to: averages) }
    try collectively(try optimizer.copyMoments(to: moments))
  }

  /// A card copies its state behind the steps that it was given and before those that follow: only who writes it waits.
  private func saveFromCard(to snapshot: inout Snapshot) throws(TrainingError) {
    try weightCheck.compare(after: optimizer.steps)
    flat.read(flat.weights, back: &snapshot, file: Self.modelFile)
    for (name, moment) in zip(optimizer.rule.moments, optimizer.moments) {
      flat.read(moment, back: &snapshot, file: Self.optimizerFile, prefix: Optimizer.prefix(name))
    }
    if let average { flat.read(average.state, back: &snapshot, file: Self.averageFile) }
  }

  /// Lends those who save this rank's part of a checkpoint; throws where `save` does.
  public func shareForSaving() throws(TrainingError) {
    try weightCheck.compare(after: optimizer.steps)
    try collectively(try optimizer.copyMoments(to: nil))
  }
}

extension VerifiedCheckpoint {
  /// The weights in it, or their average; throws where it has none.
  public func weights(average: Bool) throws(CheckpointError) -> SafetensorsFile {
    try tensors(of: average ? Trainer.averageFile : Trainer.modelFile)
  }
}

extension FlatParameters {
  /// Bytes of a number for each weight, the gaps included.
  var byteCount: Int { layout.count * MemoryLayout<Float>.stride }

  /// Memory of a snapshot for a number for each weight; `file` will have them under the parameters' names.
  fileprivate func room(
    in snapshot: inout Snapshot, file: String, prefix: String = ""
  ) -> UnsafeMutableBufferPointer<Float> {
    let floats = snapshot.take(byteCount).bindMemory(to: Float.self)
    snapshot.add(views(of: floats, prefix: prefix), to: file)
    return floats
  }

  /// Has a card copy a number for each weight, which `file` will have under the parameters' names.
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
  /// Continues where a checkpoint left off, saved by any number of ranks; changes nothing unless everything fits.
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
      // What learnt in the run before and is frozen in this one begins anew when it thaws.
      optimizer.forgetFrozen()
    }
    if lossScale != nil, let saved = state.lossScale { lossScale = saved }
    return state
  }
}

extension Trainer {
  /// Starts from the weights of a file; changes none unless every one fits.
  public func load(_ file: some NamedTensors) throws(WeightsMismatch) {
    try network.load(file)
    average?.restart()
  }

  /// Starts from the weights of a file that was trained on another task.
  ///
  /// - Returns: The keys that the file did not fill, as `Network.loadForFinetuning` names them.
  public func loadForFinetuning(_ file: some NamedTensors) throws(WeightsMismatch) -> [String] {
    let fresh = try network.loadForFinetuning(file)
    average?.restart()
    return fresh
  }

  /// Starts from the average that a checkpoint has beside its weights; throws where there is none, or it does not fit.
  public func loadAverage(of checkpoint: VerifiedCheckpoint) throws {
    try load(try checkpoint.tensors(of: Self.averageFile))
  }
}
