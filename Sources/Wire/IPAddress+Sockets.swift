internal import Glibc
internal import System

/// The kernel's knowledge of addresses.
extension IPAddress {
  /// This machine's end of a connection; nil if the descriptor is no connection.
  public init?(localEndOf descriptor: Int32) { self.init(of: descriptor, getsockname) }

  /// The other end of a connection; nil if the descriptor is no connection.
  public init?(farEndOf descriptor: Int32) { self.init(of: descriptor, getpeername) }

  /// Why this machine cannot send to the address, in the system's words; nil if it can.
  ///
  /// Nothing is sent: connecting a datagram socket only finds a route.
  public var obstacle: String? {
    let opened = socket(isVersion6 ? AF_INET6 : AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    guard let descriptor = Descriptor(opened) else { return errorText(errno) }
    // Any port but 0 will do.
    let isReached = withPlace(port: 9) { connect(descriptor.number, $0, $1) } == 0
    return isReached ? nil : errorText(errno)
  }

  /// This machine's address on the route to a host, by name or address; nil if there is no route. Nothing is
  /// sent except to resolve the name.
  public static func own(towards host: String, port: UInt16) -> IPAddress? {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, "\(port)", &hints, &list) == 0 else { return nil }
    defer { freeaddrinfo(list) }
    for place in sequence(first: list, next: { $0?.pointee.ai_next }) {
      guard let place = place?.pointee,
        let opened = Descriptor(socket(place.ai_family, place.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)),
        connect(opened.number, place.ai_addr, place.ai_addrlen) == 0,
        let own = IPAddress(localEndOf: opened.number)
      else { continue }
      return own
    }
    return nil
  }

  /// Whether it is an address of this machine.
  public var isOwn: Bool {
    guard let (descriptor, _) = listen() else { return false }
    close(descriptor)
    return true
  }

  /// Opens a TCP socket that listens here, by default at a free port; nil, with errno set, on failure.
  public func listen(port: UInt16 = 0) -> (descriptor: Int32, port: UInt16)? {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard let opened = Descriptor(socket(isVersion6 ? AF_INET6 : AF_INET, kind, 0)),
      withPlace(port: port, { bind(opened.number, $0, $1) }) == 0, Glibc.listen(opened.number, 128) == 0,
      let port = Self.port(of: opened.number)
    else { return nil }
    let copy = fcntl(opened.number, F_DUPFD_CLOEXEC, 16)
    return copy >= 0 ? (copy, port) : nil
  }

  private static func port(of descriptor: Int32) -> UInt16? {
    var text = [CChar](repeating: 0, count: Int(NI_MAXSERV))
    let isNamed = withName(of: descriptor, getsockname) {
      getnameinfo($0, $1, nil, 0, &text, socklen_t(text.count), NI_NUMERICSERV) == 0
    }
    return isNamed ? UInt16(String(terminated: text)) : nil
  }

  private init?(of descriptor: Int32, _ ask: Question) {
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let isNamed = Self.withName(of: descriptor, ask) {
      getnameinfo($0, $1, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
    }
    guard isNamed else { return nil }
    // A link-local address is followed by the link's name.
    self.init(String(String(terminated: text).prefix { $0 != "%" }))
  }

  private typealias Question = (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) ->
    Int32

  private static func withName(
    of descriptor: Int32, _ ask: Question, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Bool
  ) -> Bool {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        ask(descriptor, $0, &length) == 0 && body($0, length)
      }
    }
  }

  private func withPlace(port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    if isVersion6 {
      var place = sockaddr_in6()
      place.sin6_family = sa_family_t(AF_INET6)
      place.sin6_port = in_port_t(port).bigEndian
      withUnsafeMutableBytes(of: &place.sin6_addr) { $0.copyBytes(from: bytes) }
      return Self.lend(&place, body)
    }
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = in_port_t(port).bigEndian
    withUnsafeMutableBytes(of: &place.sin_addr) { $0.copyBytes(from: bytes) }
    return Self.lend(&place, body)
  }

  private static func lend<Place>(
    _ place: inout Place, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    let length = socklen_t(MemoryLayout<Place>.size)
    return withUnsafePointer(to: &place) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
  }
}
