import Collective

/// Transfers a checkpoint piece by piece from the engine's first process to all others.
struct CheckpointTransfer {
  private let engine: any Engine
  /// The time limit of one piece.
  private let patience: Duration
  private var tag: UInt32 = 0

  init(over engine: any Engine, within patience: Duration) {
    (self.engine, self.patience) = (engine, patience)
  }

  private var others: Range<Int> { 1..<engine.size }

  /// Sends a piece to all others.
  mutating func send(_ piece: UnsafeRawBufferPointer) throws(EngineFailure) {
    defer { tag += 1 }
    var transfers: [any EngineTransfer] = []
    for peer in others { transfers.append(try engine.send(piece, to: peer, tag: tag)) }
    for transfer in transfers { try transfer.wait(until: .now + patience) }
  }

  /// Receives the next piece, exactly as many bytes as `piece` holds.
  mutating func receive(into piece: UnsafeMutableRawBufferPointer) throws(EngineFailure) {
    defer { tag += 1 }
    try engine.receive(into: piece, from: 0, tag: tag).wait(until: .now + patience)
  }

  /// Returns once all have received everything and stored it on disk.
  mutating func finish() throws(EngineFailure) {
    var word: UInt8 = 0
    defer { tag += 1 }
    let done = withUnsafeMutableBytes(of: &word) { bytes in
      Result { () throws(EngineFailure) in
        guard engine.rank == 0 else {
          return try engine.send(UnsafeRawBufferPointer(bytes), to: 0, tag: tag).wait(until: .now + patience)
        }
        for peer in others {
          try engine.receive(into: bytes, from: peer, tag: tag).wait(until: .now + patience)
        }
      }
    }
    try done.get()
  }

  func close() { engine.close() }
}
