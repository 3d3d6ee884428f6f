import TestSupport

@testable import Checkpoint

extension Gate {
  /// A disk that waits at its first call until the gate is opened.
  var disk: FileSystem {
    FileSystem { _ in
      self.pass()
      return .proceed
    }
  }
}

extension CheckpointStore {
  func on(_ disk: FileSystem) -> CheckpointStore {
    var store = self
    store.disk = disk
    return store
  }
}

extension CheckpointWriter {
  /// Begins to save these float32 numbers as `w`, and the epoch as the state.
  func begin(_ name: CheckpointName, values: UnsafeRawBufferPointer, isBest: Bool = false) -> Bool {
    begin(name, state: name.epoch, isBest: isBest) { snapshot in
      snapshot.copy(
        [TensorView(name: "w", type: .float32, shape: [values.count / 4], bytes: values)], to: "model")
    }
  }

  func begin(_ name: CheckpointName, floats count: Int, isBest: Bool = false) -> Bool {
    [Float](repeating: Float(name.epoch), count: count).withUnsafeBytes {
      begin(name, values: $0, isBest: isBest)
    }
  }

  /// Saves and waits; throws where it fails.
  @discardableResult
  func succeed(_ name: CheckpointName, floats count: Int, isBest: Bool = false) throws -> SavedCheckpoint {
    try save(name, floats: count, isBest: isBest).get()
  }

  /// Saves and waits.
  func save(_ name: CheckpointName, floats count: Int, isBest: Bool = false) -> Outcome {
    guard begin(name, floats: count, isBest: isBest), wait(within: .seconds(60)), let outcome = takeOutcome()
    else { fatalError("the save of \(name) does not end") }
    return outcome
  }
}

extension Result {
  var failure: Failure? {
    if case .failure(let failure) = self { failure } else { nil }
  }
}
