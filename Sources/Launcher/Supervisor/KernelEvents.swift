import CLinux
import Glibc
import RunControl
import System

/// Watches processes and returns those that have ended, in the order of their ends.
///
/// epoll(7) queues descriptors in the order in which they become readable, so the order of two deaths is kept
/// even when the launcher was busy with output meanwhile.
struct ReadyQueue: ~Copyable {
  let descriptor: Descriptor

  init() throws(LaunchError) {
    descriptor = try Descriptor(linux_open_ready_queue(), from: "epoll_create1")
  }

  /// Watches a process; its rank identifies it.
  func watch(_ process: borrowing Descriptor, rank: Int) throws(LaunchError) {
    guard linux_watch(descriptor.number, process.number, UInt32(rank)) == 0 else {
      throw LaunchError(call: "epoll_ctl", errno: errno)
    }
  }

  /// Returns the ranks whose processes have ended since the last call, in the order of their ends.
  func takeReady() -> [Int] {
    var ranks: [UInt32] = Array(repeating: 0, count: 64)
    let count = linux_take_ready(descriptor.number, &ranks, CInt(ranks.count))
    return ranks.prefix(max(0, Int(count))).map(Int.init)
  }
}

/// Reads the launcher's signals through a signalfd, since little is allowed in a signal handler.
struct SignalReader: ~Copyable {
  let descriptor: Descriptor

  /// Signals that ask the run to stop.
  static let stopping: [Signal] = [.terminate, .interrupt, .hangUp]

  /// Blocks the signals that it will read; signals ignored at the launcher's start stay ignored.
  init() throws(LaunchError) {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in Self.stopping + [.user1] where linux_ignores(signal.number) == 0 {
      sigaddset(&set, signal.number)
    }
    // SIGCHLD wakes the waiting loop: no descriptor reports the end of an orphan.
    if Orphans.come { sigaddset(&set, SIGCHLD) }
    sigprocmask(SIG_BLOCK, &set, nil)
    descriptor = try Descriptor(linux_open_signals(&set), from: "signalfd")
    // The reader of the launcher's output may go away, but the training must continue.
    signal(SIGPIPE, SIG_IGN)
    // If SIGCHLD were inherited as ignored, the kernel would discard the workers' exit statuses.
    signal(SIGCHLD, SIG_DFL)
  }

  /// Returns the next signal that has arrived, except SIGCHLD; nil where there is none.
  func next() -> Signal? {
    var number = linux_next_signal(descriptor.number)
    while number == SIGCHLD { number = linux_next_signal(descriptor.number) }
    return number > 0 ? Signal(number) : nil
  }
}
