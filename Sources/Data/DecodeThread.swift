import Glibc

/// A thread of our own that can be joined: decoding blocks, and would starve Swift's cooperative pool.
struct DecodeThread: Sendable {
  private let handle: pthread_t

  /// Starts `body`.
  init(_ body: @escaping @Sendable () -> Void) {
    let work = Unmanaged.passRetained(Work(body))
    var handle = pthread_t()
    let status = pthread_create(&handle, nil, runWork, work.toOpaque())
    precondition(status == 0, "cannot start a decode thread: \(String(cString: strerror(status)))")
    self.handle = handle
  }

  /// Waits until the thread has ended; must be called exactly once.
  func join() {
    pthread_join(handle, nil)
  }
}

private final class Work {
  let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) {
    self.body = body
  }
}

private func runWork(_ work: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let work { Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body() }
  return nil
}
