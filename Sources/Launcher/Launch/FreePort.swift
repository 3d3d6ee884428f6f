import Glibc

/// Finds a TCP port that nobody uses.
enum FreePort {
  /// A port of 127.0.0.1 that was free a moment ago; the kernel picks it.
  static func find() throws(LaunchError) -> UInt16 {
    let socket = try Descriptor(
      Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0), from: "socket")
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let failed = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket.number, $0, length) != 0 || getsockname(socket.number, $0, &length) != 0
      }
    }
    guard !failed else { throw LaunchError(call: "bind 127.0.0.1", errno: errno) }
    return UInt16(bigEndian: address.sin_port)
  }
}
