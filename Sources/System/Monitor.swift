import Glibc

/// State behind a lock, on which threads wait until it is as they need it.
///
/// The lock is POSIX's: a thread sanitizer sees it, as it does not see the slow path of `Mutex`.
public final class Monitor<State>: @unchecked Sendable {
  // Safe: `state` is reached through the methods alone, which hold the lock; the two POSIX objects are made to be
  // shared by threads, and stay where they are until deinit.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var state: State

  /// Puts `state` behind a lock.
  public init(_ state: sending State) {
    self.state = state
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    // The clock that never jumps.
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// Runs `body` while no other thread is inside, then wakes all that wait.
  public func withLock<Result, Failure: Error>(
    _ body: (inout State) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    pthread_mutex_lock(mutex)
    defer {
      pthread_cond_broadcast(changed)
      pthread_mutex_unlock(mutex)
    }
    return try body(&state)
  }

  /// Changes the state; whoever waits looks again only if `body` returns true.
  public func update(_ body: (inout State) -> Bool) {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    if body(&state) { pthread_cond_broadcast(changed) }
  }

  /// Sleeps until `body`, asked after each change, finds what it looks for, and returns it.
  public func wait<Result>(for body: (inout State) -> Result?) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = body(&state) { return result }
      pthread_cond_wait(changed, mutex)
    }
  }

  /// As ``wait(for:)``, but no longer than until `deadline`; nil if it was not found by then.
  public func wait<Result>(
    until deadline: ContinuousClock.Instant, for body: (inout State) -> Result?
  ) -> Result? {
    var end = timespec(ContinuousClock.now.duration(to: deadline))
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = body(&state) { return result }
      if pthread_cond_timedwait(changed, mutex, &end) == ETIMEDOUT { return body(&state) }
    }
  }
}

extension timespec {
  /// The time of the monotonic clock that lies `duration` ahead.
  fileprivate init(_ duration: Duration) {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    let (seconds, attoseconds) = max(.zero, duration).components
    let nanoseconds = now.tv_nsec + Int(attoseconds / 1_000_000_000)
    self.init(
      tv_sec: now.tv_sec + Int(seconds) + nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
  }
}
