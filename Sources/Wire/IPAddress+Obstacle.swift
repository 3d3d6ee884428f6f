internal import Glibc
internal import System

extension IPAddress {
  /// Why nothing can be sent there from this machine, in the system's words; nil where there is a way.
  ///
  /// Sends nothing: a datagram socket that is connected has only been told its route.
  public var obstacle: String? {
    let opened = socket(isVersion6 ? AF_INET6 : AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    guard let descriptor = Descriptor(opened) else { return String(cString: strerror(errno)) }
    return connect(descriptor.number) == 0 ? nil : String(cString: strerror(errno))
  }

  private func connect(_ descriptor: Int32) -> Int32 {
    // Any port will do, but for 0.
    let port = in_port_t(9).bigEndian
    if isVersion6 {
      var place = sockaddr_in6()
      place.sin6_family = sa_family_t(AF_INET6)
      place.sin6_port = port
      withUnsafeMutableBytes(of: &place.sin6_addr) { $0.copyBytes(from: bytes) }
      return Self.connect(descriptor, to: &place)
    }
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = port
    withUnsafeMutableBytes(of: &place.sin_addr) { $0.copyBytes(from: bytes) }
    return Self.connect(descriptor, to: &place)
  }

  private static func connect<Place>(_ descriptor: Int32, to place: inout Place) -> Int32 {
    withUnsafeBytes(of: &place) {
      Glibc.connect(descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t($0.count))
    }
  }
}
