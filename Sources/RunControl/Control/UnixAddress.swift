package import Glibc
package import System
import WorkerLink

/// The address of a Unix-domain socket.
package struct UnixAddress {
  private var value = sockaddr_un()

  /// The most bytes of a path.
  package static let longestPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

  /// Nil if the path is too long.
  package init?(_ path: String) {
    let bytes = Array(path.utf8)
    guard bytes.count <= Self.longestPath else { return nil }
    value.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &value.sun_path) { $0.copyBytes(from: bytes) }
  }

  /// The control socket in an open folder, by a path that is short whatever the folder's name.
  package init?(through folder: CInt) {
    self.init("/proc/self/fd/\(folder)/\(RunLayout.control)")
  }

  /// Passes the address to socket calls.
  package func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafePointer(to: value) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  /// Makes a socket of this kind that is closed on exec.
  package static func socket() throws(LaunchError) -> Descriptor {
    let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
    return try Descriptor(Glibc.socket(AF_UNIX, kind, 0), from: "socket")
  }
}
