import Collective
import System
import TestSupport
import Testing
import Wire

@testable import Engines

/// A socket that listens at a free port of this machine, for the store of one test.
func storeSocket() throws -> (descriptor: Int32, port: UInt16) {
  try #require(IPAddress("127.0.0.1")?.listen())
}

/// Runs `body` with the engine of every one of `size` processes, each a thread with an address of its own.
///
/// None begins before all are connected: an engine that closes while another still connects ends that one's setup.
func onEngines<Value: Sendable>(
  _ size: Int, within time: Duration = .seconds(20),
  _ body: @escaping @Sendable (GlooEngine) throws(EngineFailure) -> Value
) throws -> [Result<Value, EngineFailure>] {
  let socket = try storeSocket()
  let connecting = Monitor(size)
  return onRanks(size) { rank throws(EngineFailure) in
    let engine = try { () throws(EngineFailure) in
      defer { connecting.withLock { $0 -= 1 } }
      let store = try EngineStore(
        at: "127.0.0.1", port: socket.port, listeningOn: rank == 0 ? socket.descriptor : nil, within: time)
      return try GlooEngine(
        meetingIn: store, as: "test", listeningOn: "127.0.0.\(rank + 1)", rank: rank, size: size, within: time
      )
    }()
    connecting.wait { $0 == 0 ? () : nil }
    defer { engine.close() }
    return try body(engine)
  }
}

/// Memory of one message.
final class Room {
  let bytes: UnsafeMutableRawBufferPointer

  init(_ count: Int, of byte: UInt8 = 0) {
    bytes = .allocate(byteCount: count, alignment: 64)
    for index in bytes.indices { bytes[index] = byte }
  }

  deinit { bytes.deallocate() }
}
