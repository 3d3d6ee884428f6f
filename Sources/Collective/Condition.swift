internal import Glibc

/// A lock on which threads can wait for one another, until a deadline on the clock that never jumps.
final class Condition: @unchecked Sendable {
  // Safe: the two POSIX objects are made to be shared by threads, and stay where they are until deinit.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  /// Runs `body` while no other thread is inside, then wakes all that wait.
  func withLock<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer {
      pthread_cond_broadcast(condition)
      pthread_mutex_unlock(mutex)
    }
    return body()
  }

  /// Waits until `isMet`, asked with the lock held after each change, or until the deadline.
  func wait(until deadline: ContinuousClock.Instant, for isMet: () -> Bool) {
    var end = timespec(ContinuousClock.now.duration(to: deadline))
    pthread_mutex_lock(mutex)
    while !isMet() && pthread_cond_timedwait(condition, mutex, &end) != ETIMEDOUT {}
    pthread_mutex_unlock(mutex)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
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
