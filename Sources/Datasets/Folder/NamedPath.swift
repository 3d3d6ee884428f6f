import Glibc
import System
import SystemPackage

extension FilePath {
  /// The path in a sentence; one of dots alone says nothing there, and is shown as what it stands for.
  var named: String {
    guard [".", ".."].contains(lastComponent?.string ?? "."),
      let real = withPlatformString({ realpath($0, nil) })
    else { return masked }
    defer { free(real) }
    return FilePath(platformString: real).masked
  }
}
