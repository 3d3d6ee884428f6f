import CLinux
import Glibc
import RunControl
import System

/// Watches processes and tells which have ended, in the order in which the kernel saw them end.
///
/// epoll(7) queues its descriptors as they become readable, so two deaths are told in the right order
/// even when the launcher was busy with output meanwhile.
struct ReadyQueue: ~Copyable {
  let descriptor: Descriptor

  init() throws(LaunchError) {
    descriptor = try Descriptor(linux_open_ready_queue(), from: "epoll_create1")
  }

  /// Puts a process under watch, under the number of its rank.
  func watch(_ process: borrowing Descriptor, rank: Int) throws(LaunchError) {
    guard linux_watch(descriptor.number, process.number, UInt32(rank)) == 0 else {
      throw LaunchError(call: "epoll_ctl", errno: errno)
    }
  }

  /// The ranks whose processes have ended since the last call, first death first.
  func takeReady() -> [Int] {
    var ranks: [UInt32] = Array(repeating: 0, count: 64)
    let count = linux_take_ready(descriptor.number, &ranks, CInt(ranks.count))
    return ranks.prefix(max(0, Int(count))).map(Int.init)
  }
}

/// Receives the launcher's own signals as ordinary input, in place of handlers that may do next to nothing.
struct SignalReader: ~Copyable {
  let descriptor: Descriptor

  /// Signals that ask the run to stop.
  static let stopping: [Signal] = [.terminate, .interrupt, .hangUp]

  /// Blocks the signals that it will read; those that the launcher was started to ignore stay ignored.
  init() throws(LaunchError) {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in Self.stopping + [.user1] where linux_ignores(signal.number) == 0 {
      sigaddset(&set, signal.number)
    }
    // Wakes whoever waits: no descriptor tells of the end of an orphan.
    if Orphans.come { sigaddset(&set, SIGCHLD) }
    sigprocmask(SIG_BLOCK, &set, nil)
    descriptor = try Descriptor(linux_open_signals(&set), from: "signalfd")
    // The reader of our output may go away; the training must not.
    signal(SIGPIPE, SIG_IGN)
    // Where it is inherited as ignored, the kernel would throw away how the workers ended.
    signal(SIGCHLD, SIG_DFL)
  }

  /// The next signal that has arrived, if one has; the end of a child is none.
  func next() -> Signal? {
    var number = linux_next_signal(descriptor.number)
    while number == SIGCHLD { number = linux_next_signal(descriptor.number) }
    return number > 0 ? Signal(number) : nil
  }
}
