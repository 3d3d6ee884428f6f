internal import CZeroMQ
internal import Synchronization

/// The I/O threads shared by its sockets.
///
/// A context is thread-safe; its sockets are not. Do not fork a process that has one: in the child, sends
/// succeed but nothing is delivered.
public final class Context: @unchecked Sendable {
  // Safe: libzmq documents a context as thread-safe, and the pointer itself never changes.
  let handle: UnsafeMutableRawPointer
  private let isTerminated = Atomic(false)

  /// Makes a context with `ioThreads` I/O threads; libzmq's guide recommends one for each GB/s in or out.
  public init(ioThreads: Int = 1) throws(WireError) {
    guard let handle = zmq_ctx_new() else { throw .last("zmq_ctx_new", on: "") }
    self.handle = handle
    zmq_ctx_set(handle, ZMQ_IO_THREADS, Int32(ioThreads))
  }

  /// Waits until every socket is closed and its linger time has passed, then ends the I/O threads.
  ///
  /// Close all sockets first, since it waits for them.
  public func terminate() {
    guard !isTerminated.exchange(true, ordering: .acquiringAndReleasing) else { return }
    while zmq_ctx_term(handle) != 0 && zmq_errno() == EINTR {}
  }

  deinit { terminate() }
}

/// A ZeroMQ socket, owned and used by one thread, and closed explicitly or with its owner.
///
/// No call blocks unless it takes a deadline.
public struct Socket: ~Copyable {
  /// The direction and pattern of messages.
  public enum Kind: Sendable {
    /// Sends to one peer; a full queue refuses messages instead of dropping them.
    case push
    /// Receives only.
    case pull
    /// Both directions between exactly two sockets of one context.
    case pair
    /// Both directions with every connected ``dealer``, each named by ZeroMQ; reports when one is gone.
    case router
    /// Both directions with one ``router``.
    case dealer
  }

  /// Nil once closed; ZeroMQ answers a nil socket with `ENOTSOCK`.
  private(set) var handle: UnsafeMutableRawPointer?
  private let context: Context

  /// Makes an unconnected socket that, when closed, drops unsent messages at once.
  public init(_ kind: Kind, in context: Context) throws(WireError) {
    handle = try Self.open(kind, in: context)
    self.context = context
  }

  private static func open(_ kind: Kind, in context: Context) throws(WireError) -> UnsafeMutableRawPointer {
    guard let handle = zmq_socket(context.handle, kind.code) else {
      throw .last("zmq_socket", on: "\(kind)")
    }
    var linger: Int32 = 0
    zmq_setsockopt(handle, ZMQ_LINGER, &linger, MemoryLayout<Int32>.size)
    if kind == .router {
      // Otherwise what is sent to a peer that is gone vanishes without a word.
      var mandatory: Int32 = 1
      zmq_setsockopt(handle, ZMQ_ROUTER_MANDATORY, &mandatory, MemoryLayout<Int32>.size)
    }
    return handle
  }

  /// Listens at `endpoint`. On `ipc` ZeroMQ removes whatever socket is at the path already: guard it first.
  public func bind(to endpoint: Endpoint) throws(WireError) {
    guard zmq_bind(handle, endpoint.description) == 0 else {
      throw .last("zmq_bind", on: endpoint.description)
    }
  }

  /// The port on which a socket bound to a TCP endpoint listens.
  ///
  /// There is no unbind: in libzmq that would silently end the accepted connections.
  public func boundPort() throws(WireError) -> UInt16 {
    var text = [UInt8](repeating: 0, count: 256)
    var length = text.count
    guard zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &text, &length) == 0 else {
      throw .last("zmq_getsockopt", on: "LAST_ENDPOINT")
    }
    let endpoint = String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    guard let port = endpoint.split(separator: ":").last.flatMap({ UInt16($0) }) else {
      throw WireError(call: "boundPort", subject: endpoint, code: EINVAL)
    }
    return port
  }

  /// Connects to `endpoint` in the background, and reconnects after each loss, until closed.
  public func connect(to endpoint: Endpoint) throws(WireError) {
    guard zmq_connect(handle, endpoint.description) == 0 else {
      throw .last("zmq_connect", on: endpoint.description)
    }
  }

  /// Closes the socket; unsent messages live on for its linger time.
  public mutating func close() {
    zmq_close(handle)
    handle = nil
  }

  deinit { zmq_close(handle) }
}

extension Socket.Kind {
  fileprivate var code: Int32 {
    switch self {
    case .push: ZMQ_PUSH
    case .pull: ZMQ_PULL
    case .pair: ZMQ_PAIR
    case .router: ZMQ_ROUTER
    case .dealer: ZMQ_DEALER
    }
  }
}

extension Socket {
  /// Queues `message`, which becomes empty; returns false, leaving it unchanged, if the queue is full.
  public func trySend(_ message: Message) throws(WireError) -> Bool {
    while zmq_msg_send(message.storage, handle, ZMQ_DONTWAIT) < 0 {
      if zmq_errno() == EAGAIN {
        // A send rarely checks what the peer has taken; asking for room checks at once.
        guard hasRoom else { return false }
      } else if zmq_errno() != EINTR {
        throw .last("zmq_msg_send", on: "\(message.bytes.count) bytes")
      }
    }
    return true
  }

  private var hasRoom: Bool { events & ZMQ_POLLOUT != 0 }

  /// Whether a message can be received now.
  public var hasInput: Bool { events & ZMQ_POLLIN != 0 }

  private var events: Int32 {
    var events: Int32 = 0
    var size = MemoryLayout<Int32>.size
    return zmq_getsockopt(handle, ZMQ_EVENTS, &events, &size) == 0 ? events : 0
  }

  /// Receives the next message into `message`; returns false if none has arrived.
  public func tryReceive(into message: Message) throws(WireError) -> Bool {
    while zmq_msg_recv(message.storage, handle, ZMQ_DONTWAIT) < 0 {
      if zmq_errno() == EAGAIN { return false }
      guard zmq_errno() == EINTR else { throw .last("zmq_msg_recv", on: "") }
    }
    return true
  }

  /// Waits for the next message and receives it into `message`; returns false at the deadline.
  public func receive(
    into message: Message, until deadline: ContinuousClock.Instant
  ) throws(WireError) -> Bool {
    while try !tryReceive(into: message) {
      guard try PollItem.wait(for: [pollItem(.readable)], until: deadline) else { return false }
    }
    return true
  }
}
