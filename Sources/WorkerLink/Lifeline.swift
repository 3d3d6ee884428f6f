internal import CLinux
internal import Glibc
internal import System

/// Notices the end of the launcher, by whatever means it died.
///
/// The launcher alone holds the other end of a pipe; end-of-file on ours means that it does not run any more.
public enum Lifeline {
  /// Calls `end` on a thread of its own when the launcher is gone, as `descriptor`, this process's end, tells.
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

/// What this process has printed into its pipes and a launcher that is gone has not read.
public enum UnreadOutput {
  /// Adds it to the launcher's file, standard output first, and a last line that no pipe would take any more; does
  /// nothing where there is no such file.
  ///
  /// A disk that does not answer within a second ends this process.
  public static func save(to path: String, endingWith line: String) {
    signal(SIGALRM, SIG_DFL)
    alarm(1)
    guard let file = Descriptor(open(path, O_WRONLY | O_APPEND | O_CLOEXEC)) else { return }
    for stream in [STDOUT_FILENO, STDERR_FILENO] where isPipe(stream) {
      // A pipe keeps what it holds while it has a writer, and opened anew it has a reader too.
      let opened = open("/proc/self/fd/\(stream)", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
      if let pipe = Descriptor(opened) { copy(pipe.number, to: file.number) }
    }
    Array(line.utf8).withUnsafeBytes { _ = writeAll($0, to: file.number) }
  }

  private static func isPipe(_ descriptor: Int32) -> Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
  }

  /// What the pipe holds now, and not what other threads add meanwhile: with a reader again, it takes more.
  private static func copy(_ pipe: Int32, to file: Int32) {
    var bytes = [UInt8](repeating: 0, count: max(0, Int(linux_pipe_capacity(pipe))))
    let count = read(pipe, &bytes, bytes.count)
    bytes.prefix(max(0, count)).withUnsafeBytes { _ = writeAll($0, to: file) }
  }
}
