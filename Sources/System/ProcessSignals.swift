internal import CLinux
import Glibc

/// How this process reacts to signals.
public enum ProcessSignals {
  /// Makes signals sent to end this process end it with status 128 + signal, as in other programs.
  ///
  /// Swift's runtime prints a backtrace for SIGQUIT, SIGSEGV and the like and continues, assuming a fault
  /// that the next instruction repeats. Real faults keep their backtrace.
  public static func letKill() { linux_let_signals_kill() }

  /// Makes an exceeded file size limit an error of the write, like a full disk, instead of the end of the
  /// process.
  public static func outliveFileSizeLimits() { signal(SIGXFSZ, SIG_IGN) }

  /// Restores the default, in which that limit ends a program, before another program replaces this one.
  public static func restoreFileSizeLimits() { signal(SIGXFSZ, SIG_DFL) }

  /// Whether the process was started with the signal ignored, as SIGHUP under nohup(1).
  public static func isIgnored(_ number: Int32) -> Bool { linux_ignores(number) == 1 }
}
