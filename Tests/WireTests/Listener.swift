import Testing
import Wire

/// A PULL socket at a free port of 127.0.0.1, and whoever guards it.
final class Listener {
  let authenticator: Authenticator?
  fileprivate let context: Context
  private var pull: Socket
  fileprivate let endpoint: Endpoint

  init(_ security: SocketSecurity, admitting admission: PeerAdmission?) throws {
    let context = try Context()
    self.context = context
    authenticator = try admission.map { try Authenticator(admitting: $0, in: context) }
    pull = try Socket(.pull, in: context)
    try pull.secure(as: security)
    try pull.bind(to: .tcp(#require(IPAddress("127.0.0.1")), port: nil))
    endpoint = try .tcp(#require(IPAddress("127.0.0.1")), port: pull.boundPort())
  }

  /// Connects once, and tells how that ended.
  func knock(
    as security: SocketSecurity?, until deadline: ContinuousClock.Instant, sending text: String? = nil
  ) throws -> ConnectionEvent? {
    let guest = try guest(as: security)
    if let text { try guest.send(text) }
    var answer: ConnectionEvent?
    _ = try guest.monitor.waits(until: deadline) { event in
      switch event {
      case .connected: return false
      case .handshakeSucceeded, .handshakeFailed, .accepted, .disconnected:
        answer = event
        return true
      }
    }
    return answer
  }

  func guest(as security: SocketSecurity?) throws -> Guest { try Guest(of: self, security) }

  func receive(until deadline: ContinuousClock.Instant) throws -> String? {
    let inbox = Message()
    guard try pull.receive(into: inbox, until: deadline) else { return nil }
    return String(decoding: UnsafeRawBufferPointer(inbox.bytes), as: UTF8.self)
  }

  func nothingArrived() throws -> Bool { try receive(until: .now + .milliseconds(20)) == nil }

  deinit {
    pull.close()
    context.terminate()
  }
}

/// Somebody who connects.
final class Guest {
  private var push: Socket
  private(set) var monitor: ConnectionMonitor

  /// Keeps the context, which waits for this socket's end when it goes.
  private let listener: Listener

  init(of listener: Listener, _ security: SocketSecurity?) throws {
    self.listener = listener
    push = try Socket(.push, in: listener.context)
    monitor = try ConnectionMonitor(of: push, in: listener.context)
    if let security { try push.secure(as: security) }
    try push.connect(to: listener.endpoint)
  }

  func send(_ text: String) throws {
    let message = Message(byteCount: text.utf8.count)
    message.bytes.copyBytes(from: text.utf8)
    #expect(try push.trySend(message))
  }

  deinit {
    monitor.close(watching: push)
    push.close()
  }
}
