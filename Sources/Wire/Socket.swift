internal import CZeroMQ
internal import Synchronization

/// The I/O threads that the sockets made from it share.
///
/// A context is thread-safe; its sockets are not. Do not fork a process that holds one: in the child,
/// sends succeed and nothing is delivered.
public final class Context: @unchecked Sendable {
  // Safe: libzmq documents a context as thread-safe, and the pointer itself never changes.
  let handle: UnsafeMutableRawPointer
  private let isTerminated = Atomic(false)

  /// Makes a context with `ioThreads` I/O threads; libzmq's guide advises one for each GB/s in or out.
  public init(ioThreads: Int = 1) throws(WireError) {
    guard let handle = zmq_ctx_new() else { throw .last("zmq_ctx_new", on: "") }
    self.handle = handle
    zmq_ctx_set(handle, ZMQ_IO_THREADS, Int32(ioThreads))
  }

  /// Waits until every socket is closed and its linger time has passed, then frees the I/O threads.
  ///
  /// Close all sockets first: it waits for them.
  public func terminate() {
    guard !isTerminated.exchange(true, ordering: .acquiringAndReleasing) else { return }
    while zmq_ctx_term(handle) != 0 && zmq_errno() == EINTR {}
  }

  deinit { terminate() }
}

/// One ZeroMQ socket, owned and used by one thread, closed when its owner says so or lets go of it.
///
/// No call waits unless it is told until when.
public struct Socket: ~Copyable {
  /// What a socket does with messages.
  public enum Kind: Sendable {
    /// Sends one way; refuses rather than drops when its queue is full.
    case push
    /// Receives one way.
    case pull
    /// Both ways between exactly two sockets of one context.
    case pair
    /// Both ways with every ``dealer`` that connects, each named by ZeroMQ; tells when one of them is gone.
    case router
    /// Both ways with one ``router``.
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

  /// The port that a socket bound to a TCP endpoint listens on.
  ///
  /// There is no way to unbind: in libzmq that ends, without a word, the connections that were accepted there.
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

  /// Connects to `endpoint` in the background, and again after each loss, until closed.
  public func connect(to endpoint: Endpoint) throws(WireError) {
    guard zmq_connect(handle, endpoint.description) == 0 else {
      throw .last("zmq_connect", on: endpoint.description)
    }
  }

  /// Ends the socket; unsent messages live on for its linger time.
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
  /// Queues `message` and leaves it empty, or returns false, and leaves it as it is, when the queue is full.
  public func trySend(_ message: Message) throws(WireError) -> Bool {
    while zmq_msg_send(message.storage, handle, ZMQ_DONTWAIT) < 0 {
      if zmq_errno() == EAGAIN {
        // A send looks only now and then at what the peer has taken; asking for the room looks at once.
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

  /// Takes the next message into `message`, or returns false when none has arrived.
  public func tryReceive(into message: Message) throws(WireError) -> Bool {
    while zmq_msg_recv(message.storage, handle, ZMQ_DONTWAIT) < 0 {
      if zmq_errno() == EAGAIN { return false }
      guard zmq_errno() == EINTR else { throw .last("zmq_msg_recv", on: "") }
    }
    return true
  }

  /// Waits for the next message and takes it into `message`; false when the deadline passed first.
  public func receive(
    into message: Message, until deadline: ContinuousClock.Instant
  ) throws(WireError) -> Bool {
    while try !tryReceive(into: message) {
      guard try PollItem.wait(for: [pollItem(.readable)], until: deadline) else { return false }
    }
    return true
  }
}
