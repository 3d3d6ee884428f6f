import CLinux
import Collective
import Foundation
import TestSupport

@testable import Engines

/// A socket that listens at a free port of an address of this machine, for the store of one test.
struct StoreSocket {
  let descriptor: Int32
  let port: UInt16

  init() throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let failed = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) != 0 || listen(descriptor, 64) != 0
          || getsockname(descriptor, $0, &length) != 0
      }
    }
    guard descriptor >= 0, !failed else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    self.descriptor = descriptor
    port = UInt16(bigEndian: address.sin_port)
  }
}

/// Runs `body` with the engine of every one of `size` processes, each a thread with an address of its own.
func onEngines<Value: Sendable>(
  _ size: Int, within time: Duration = .seconds(20),
  _ body: @escaping @Sendable (GlooEngine) throws(EngineFailure) -> Value
) throws -> [Result<Value, EngineFailure>] {
  let socket = try StoreSocket()
  return onRanks(size) { rank throws(EngineFailure) in
    let store = try EngineStore(
      at: "127.0.0.1", port: socket.port, listeningOn: rank == 0 ? socket.descriptor : nil, within: time)
    let engine = try GlooEngine(
      meetingIn: store, as: "test", listeningOn: "127.0.0.\(rank + 1)", rank: rank, size: size, within: time)
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
