internal import CLinux
internal import Glibc
internal import System

/// Detects the launcher's end, however it died.
///
/// Only the launcher holds the other end of a pipe, so end-of-file on this end means that it is gone.
public enum Lifeline {
  /// Calls `end` on a thread of its own when `descriptor`, this process's end of the pipe, reports the
  /// launcher's end.
  public static func watch(_ descriptor: Int32, end: @escaping @Sendable () -> Never) {
    OwnedThread.started("lifeline") {
      var byte: UInt8 = 0
      while true {
        let count = read(descriptor, &byte, 1)
        if count == 0 || (count < 0 && errno != EINTR) { end() }
      }
    }.detach()
  }
}

/// Output that this process has written to its pipes and a dead launcher has not read.
public enum UnreadOutput {
  /// Appends the output to the launcher's log, standard output first, with a last line; does nothing if the
  /// log does not exist.
  ///
  /// If the disk does not answer within a second, this process ends.
  public static func save(to path: String, endingWith line: String) {
    signal(SIGALRM, SIG_DFL)
    alarm(1)
    guard let file = Descriptor(open(path, O_WRONLY | O_APPEND | O_CLOEXEC)) else { return }
    for stream in [STDOUT_FILENO, STDERR_FILENO] where isPipe(stream) {
      // A pipe keeps its content while it has a writer; opening it again gives it a reader too.
      let opened = open("/proc/self/fd/\(stream)", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
      if let pipe = Descriptor(opened) { copy(pipe.number, to: file.number) }
    }
    Array(line.utf8).withUnsafeBytes { _ = writeAll($0, to: file.number) }
  }

  private static func isPipe(_ descriptor: Int32) -> Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
  }

  /// Copies only what the pipe holds now: with a reader again, it accepts more from other threads.
  private static func copy(_ pipe: Int32, to file: Int32) {
    var bytes = [UInt8](repeating: 0, count: max(0, Int(linux_pipe_capacity(pipe))))
    let count = read(pipe, &bytes, bytes.count)
    bytes.prefix(max(0, count)).withUnsafeBytes { _ = writeAll($0, to: file) }
  }
}
