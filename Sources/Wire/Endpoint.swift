internal import CZeroMQ
internal import Glibc

/// An address to which a socket binds or connects, in ZeroMQ's notation.
public struct Endpoint: Equatable, Sendable, CustomStringConvertible {
  /// The longest path, in bytes, of a Unix-domain socket's address.
  public static let maximumPathLength = 107

  /// The address in ZeroMQ's notation, such as `ipc:///run/user/1000/ring-0.socket`.
  public let description: String

  /// A Unix-domain socket at `path`.
  ///
  /// - Throws: `ENAMETOOLONG` when the path has more than ``maximumPathLength`` bytes, before ZeroMQ sees it.
  public static func ipc(path: String) throws(WireError) -> Endpoint {
    guard path.utf8.count <= maximumPathLength else {
      throw WireError(
        call: "ipc", subject: "\(path), \(path.utf8.count) bytes of at most \(maximumPathLength)",
        code: ENAMETOOLONG)
    }
    return Endpoint(description: "ipc://" + path)
  }

  /// A port of one of a machine's addresses; nil lets the kernel choose a free port at binding.
  public static func tcp(_ address: IPAddress, port: UInt16?) -> Endpoint {
    let host = address.isVersion6 ? "[\(address)]" : address.description
    return Endpoint(description: "tcp://\(host):" + (port.map(String.init) ?? "*"))
  }

  /// A port of a host by name or address, resolved by ZeroMQ at each connection attempt.
  public static func tcp(host: String, port: UInt16) -> Endpoint {
    Endpoint(description: "tcp://" + (host.contains(":") ? "[\(host)]" : host) + ":\(port)")
  }

  /// A port of all addresses of this machine, IPv4 and IPv6.
  public static func tcpEverywhere(port: UInt16) -> Endpoint { Endpoint(description: "tcp://*:\(port)") }

  /// A meeting point for sockets of one context.
  public static func inproc(_ name: String) -> Endpoint { Endpoint(description: "inproc://" + name) }
}

/// A numeric IPv4 or IPv6 address.
public struct IPAddress: Equatable, Sendable, CustomStringConvertible {
  /// The address as `inet_ntop` writes it.
  public let description: String
  /// 4 or 16 bytes, in network order.
  let bytes: [UInt8]

  /// Parses an address, or `localhost` as 127.0.0.1; nil for anything else, since no name is resolved.
  public init?(_ text: String) {
    let text = text == "localhost" ? "127.0.0.1" : text
    guard let (family, bytes) = Self.parse(text) else { return nil }
    var name = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(family, bytes, &name, socklen_t(name.count)) != nil else { return nil }
    self.bytes = bytes
    description = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private static func parse(_ text: String) -> (family: Int32, bytes: [UInt8])? {
    for (family, length) in [(AF_INET, 4), (AF_INET6, 16)] {
      var bytes = [UInt8](repeating: 0, count: length)
      if inet_pton(family, text, &bytes) == 1 { return (family, bytes) }
    }
    return nil
  }

  /// Whether it is an IPv6 address.
  public var isVersion6: Bool { bytes.count == 16 }

  /// Whether it never leaves the machine: 127.0.0.0/8, also mapped into IPv6, and ::1.
  public var isLoopback: Bool { version4.map { $0.first == 127 } ?? (bytes == Self.one) }

  /// Whether it stands for all of a machine's addresses, so that nobody can connect to it.
  public var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } || version4 == [0, 0, 0, 0] }

  /// Whether it belongs to a private network: RFC 1918's and 6598's, link-local addresses, fc00::/7.
  public var isPrivate: Bool {
    guard let version4 else { return bytes[0] & 0xFE == 0xFC || bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80 }
    switch (version4[0], version4[1]) {
    case (10, _), (192, 168), (169, 254), (172, 16...31), (100, 64...127): return true
    default: return false
    }
  }

  /// The IPv4 address mapped into this IPv6 address, or the address itself.
  public var unmapped: IPAddress {
    guard isVersion6, let version4 else { return self }
    return IPAddress(version4.map(String.init).joined(separator: ".")) ?? self
  }

  /// The IPv4 address that it is or contains.
  private var version4: [UInt8]? {
    guard isVersion6 else { return bytes }
    let mapped = Array(repeating: UInt8(0), count: 10) + [0xFF, 0xFF]
    return bytes.starts(with: mapped) ? Array(bytes.suffix(4)) : nil
  }

  private static let one = Array(repeating: UInt8(0), count: 15) + [1]
}
