import Foundation
import Wire

@testable import Collective

/// Somebody at a rank's port who is not the previous rank.
enum Attack: String, CaseIterable, Sendable {
  /// Connects and leaves, as a port scanner does.
  case scan
  /// Speaks another protocol.
  case garbage
  /// Random bytes.
  case noise
  /// Greets as ZeroMQ's first version did, and sends a frame: that version knew no security.
  case oldProtocol
  /// Greets properly, then names a length of a terabyte.
  case oversized
  /// Connects and says nothing, for as long as it may.
  case halfOpen
  /// A ZeroMQ socket without any security, with a frame that the ring would take.
  case withoutMechanism
  /// A ZeroMQ socket that knows the listener's name but not the secret, or has a key of its own.
  case wrongSecret

  /// What it writes on a bare connection; nil for ZeroMQ's own sockets.
  private var bytes: [UInt8]? {
    switch self {
    case .scan, .halfOpen: []
    case .garbage: Array("GET / HTTP/1.1\r\nHost: ring\r\n\r\n".utf8)
    case .noise: (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 9) }
    case .oldProtocol: [0x01, 0x00, 0x49, 0x00] + Array(repeating: 0x58, count: 72)
    case .oversized: Self.greeting + [0x06, 0, 0, 1, 0, 0, 0, 0, 0] + Array(repeating: 0, count: 64)
    case .withoutMechanism, .wrongSecret: nil
    }
  }

  /// ZMTP 3.0, PLAIN.
  private static let greeting: [UInt8] =
    [0xFF] + Array(repeating: 0, count: 8) + [0x7F, 3, 0] + Array("PLAIN".utf8)
    + Array(repeating: 0, count: 15 + 32)

  /// Goes on until the listener has shown what it makes of it; gives what must stay open meanwhile.
  func run(at target: RingAnnouncement, _ security: RingSecurity, frame: Message) throws -> Connection? {
    if let bytes {
      let connection = try Connection(port: target.port)
      connection.write(bytes)
      if self == .halfOpen { return connection }
      if self != .scan { connection.waitForEnd() }
      return nil
    }
    let stranger = self == .wrongSecret ? try security.stranger(token: target.token) : nil
    try Self.knock(at: target.endpoint, as: stranger, sending: frame)
    return nil
  }

  /// Connects with a ZeroMQ socket until it is turned away.
  static func knock(at endpoint: Endpoint, as security: SocketSecurity?, sending frame: Message) throws {
    let context = try Context()
    var push = try Socket(.push, in: context)
    var monitor = try ConnectionMonitor(of: push, in: context)
    defer {
      monitor.close(watching: push)
      push.close()
      context.terminate()
    }
    if let security { try push.secure(as: security) }
    try push.connect(to: endpoint)
    _ = try push.trySend(frame)
    let end = ContinuousClock.now + .seconds(20)
    while true {
      switch try monitor.next() {
      case .handshakeFailed: return
      case .handshakeSucceeded: throw CollectiveError.system(detail: "a stranger was let in")
      case nil:
        guard try PollItem.wait(for: [monitor.pollItem], until: end) else {
          throw CollectiveError.system(detail: "a stranger got no answer")
        }
      default: continue
      }
    }
  }
}

/// A bare connection to a listener.
final class Connection {
  private let descriptor: Int32

  /// To a port of 127.0.0.1.
  init(port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    let status = withUnsafeBytes(of: &address) {
      connect(descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t($0.count))
    }
    guard status == 0 else { throw CollectiveError.system(detail: "nobody listens at \(port)") }
  }

  /// To a Unix-domain socket.
  init(path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let status = withUnsafeBytes(of: &address) {
      connect(descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t($0.count))
    }
    guard status == 0 else { throw CollectiveError.system(detail: "nobody listens at \(path)") }
  }

  func write(_ bytes: [UInt8]) { send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

  /// Returns when the other side has closed.
  func waitForEnd() {
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var bytes = [UInt8](repeating: 0, count: 256)
    while recv(descriptor, &bytes, bytes.count, 0) > 0 {}
  }

  deinit { close(descriptor) }
}
