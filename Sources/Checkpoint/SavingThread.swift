import Glibc

/// Threads that write checkpoints.
enum SavingThread {
  /// Runs `body` on a thread of its own, which no signal interrupts; gives 0, or the errno where no thread can start.
  ///
  /// Signals stay with the threads that wait for them; SIGXFSZ, which would end the process at a file's size limit,
  /// becomes an error of the write instead.
  static func start(_ body: @escaping @Sendable () -> Void) -> CInt {
    let work = Unmanaged.passRetained(Work(body))
    var (all, before) = (sigset_t(), sigset_t())
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let status = pthread_create(&thread, nil, runWork, work.toOpaque())
    guard status == 0 else {
      work.release()
      return status
    }
    pthread_detach(thread)
    return 0
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
