internal import CLinux
internal import SystemPackage

/// What a command prints for others to read.
public enum StandardOutput {
  /// Sends on what was printed; throws where not all that was printed has arrived, as on a full disk.
  public static func flush() throws(SystemError) {
    let number = linux_flush_output()
    guard number == 0 else { throw SystemError("write to", "standard output", number) }
  }
}
