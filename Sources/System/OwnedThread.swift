internal import CLinux
import Glibc

/// A dedicated thread, for work that would block Swift's cooperative pool; failure to start is an error, not
/// a trap.
public struct OwnedThread: Sendable {
  private let handle: pthread_t

  /// Starts `body`; join or detach the thread once.
  ///
  /// - Parameters:
  /// - name: The name shown by `top -H`, at most 15 bytes.
  /// - takesSignals: False leaves signals to other threads.
  /// - Throws: A ``Shortage`` if the system cannot start a thread.
  public init(
    _ name: String, takesSignals: Bool = true, _ body: @escaping @Sendable () -> Void
  ) throws(Shortage) {
    let work = Unmanaged.passRetained(Work(name, body))
    var (blocked, before) = (sigset_t(), sigset_t())
    if takesSignals { sigemptyset(&blocked) } else { sigfillset(&blocked) }
    pthread_sigmask(SIG_BLOCK, &blocked, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    var handle = pthread_t()
    guard pthread_create(&handle, nil, runWork, work.toOpaque()) == 0 else {
      work.release()
      throw Shortage(.threads, for: "the thread \(name)")
    }
    self.handle = handle
  }

  /// Starts `body` like the initializer, but ends the process if the system cannot start a thread for
  /// `patience`.
  ///
  /// Another program of the user may hold the last threads for a moment.
  public static func started(
    _ name: String, within patience: Duration = .seconds(5), _ body: @escaping @Sendable () -> Void
  ) -> OwnedThread {
    let end = ContinuousClock.now + patience
    while true {
      do {
        return try OwnedThread(name, body)
      } catch {
        guard .now < end else { error.end() }
        usleep(50_000)
      }
    }
  }

  /// Waits until the thread has ended.
  public func join() { pthread_join(handle, nil) }

  /// Lets the thread run on and end by itself.
  public func detach() { pthread_detach(handle) }
}

extension OwnedThread {
  /// Starts `count` threads at the same time and lets them end, to check that they can exist.
  ///
  /// Libraries that cannot start a thread end the process without saying why.
  public static func rehearse(_ count: Int, for purpose: String) throws(Shortage) {
    let isOver = Monitor(false)
    var threads: [OwnedThread] = []
    defer {
      isOver.withLock { $0 = true }
      for thread in threads { thread.join() }
    }
    for number in 0..<count {
      do {
        threads.append(try OwnedThread("rehearsal") { _ = isOver.wait { $0 ? true : nil } })
      } catch {
        throw Shortage(.threads, for: "\(purpose), which takes \(count) threads and was given \(number)")
      }
    }
  }
}

private final class Work {
  let name: String
  let body: @Sendable () -> Void

  init(_ name: String, _ body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }
}

private func runWork(_ work: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let work {
    let work = Unmanaged<Work>.fromOpaque(work).takeRetainedValue()
    linux_name_thread(work.name)
    work.body()
  }
  return nil
}
