internal import CLinux
import Glibc

/// What signals do to this process.
public enum ProcessSignals {
  /// Has a signal that is sent to end this process end it, with status 128 + signal, as it does any other program.
  ///
  /// Swift's runtime prints a backtrace for SIGQUIT, SIGSEGV and their like and then goes on, since it takes them for
  /// faults that the next instruction meets again. Real faults keep their backtrace.
  public static func letKill() { linux_let_signals_kill() }

  /// Makes a file-size limit an error of the write, as a full disk is, and not the end of the process.
  public static func outliveFileSizeLimits() { signal(SIGXFSZ, SIG_IGN) }

  /// Has such a limit end a program again that takes this process's place, as it is used to.
  public static func restoreFileSizeLimits() { signal(SIGXFSZ, SIG_DFL) }

  /// Whether the process was started to ignore the signal, as nohup(1) has it ignore SIGHUP.
  public static func isIgnored(_ number: Int32) -> Bool { linux_ignores(number) == 1 }
}
