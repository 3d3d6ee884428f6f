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
