import Glibc
import System
import SystemPackage

extension FilePath {
  /// The path for use in a sentence; `.` and the like are shown as the folder they stand for.
  var named: String {
    guard [".", ".."].contains(lastComponent?.string ?? "."),
      let real = withPlatformString({ realpath($0, nil) })
    else { return masked }
    defer { free(real) }
    return FilePath(platformString: real).masked
  }
}
