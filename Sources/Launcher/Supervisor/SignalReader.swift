import CLinux
import Glibc
import System

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
    sigprocmask(SIG_BLOCK, &set, nil)
    descriptor = try Descriptor(linux_open_signals(&set), from: "signalfd")
    // The reader of our output may go away; the training must not.
    signal(SIGPIPE, SIG_IGN)
    // Where it is inherited as ignored, the kernel would throw away how the workers ended.
    signal(SIGCHLD, SIG_DFL)
  }

  /// The next signal that has arrived, if one has.
  func next() -> Signal? {
    let number = linux_next_signal(descriptor.number)
    return number > 0 ? Signal(number) : nil
  }
}
