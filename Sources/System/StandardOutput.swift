internal import CLinux
internal import SystemPackage

/// Standard output, as read by others.
public enum StandardOutput {
  /// Flushes it; throws if not everything printed could be written, as on a full disk.
  public static func flush() throws(SystemError) {
    let number = linux_flush_output()
    guard number == 0 else { throw SystemError("write to", "standard output", number) }
  }
}
