internal import CZeroMQ
internal import Glibc

/// An address that a socket binds or connects to, in ZeroMQ's notation.
public struct Endpoint: Equatable, Sendable, CustomStringConvertible {
  /// The longest path, in bytes, that a Unix-domain socket's address holds.
  public static let maximumPathLength = 107

  /// The address as ZeroMQ reads it, such as `ipc:///run/user/1000/ring-0.socket`.
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

  /// A port of one of a machine's addresses; without a number, a free port that the kernel picks at binding.
  public static func tcp(_ address: IPAddress, port: UInt16?) -> Endpoint {
    let host = address.isVersion6 ? "[\(address)]" : address.description
    return Endpoint(description: "tcp://\(host):" + (port.map(String.init) ?? "*"))
  }

  /// A port of a host by its name or address, looked up by ZeroMQ at each attempt to connect.
  public static func tcp(host: String, port: UInt16) -> Endpoint {
    Endpoint(description: "tcp://" + (host.contains(":") ? "[\(host)]" : host) + ":\(port)")
  }

  /// A port of all addresses of this machine, of both families.
  public static func tcpEverywhere(port: UInt16) -> Endpoint { Endpoint(description: "tcp://*:\(port)") }

  /// A meeting point of sockets of one context.
  public static func inproc(_ name: String) -> Endpoint { Endpoint(description: "inproc://" + name) }
}

/// A numeric IPv4 or IPv6 address.
public struct IPAddress: Equatable, Sendable, CustomStringConvertible {
  /// The address as `inet_ntop` writes it.
  public let description: String
  /// 4 or 16 bytes, in network order.
  let bytes: [UInt8]

  /// Reads an address, or `localhost` as 127.0.0.1; nil for anything else: no name is looked up.
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

  /// Whether it has 16 bytes.
  public var isVersion6: Bool { bytes.count == 16 }

  /// Whether what is sent there never leaves the machine: 127.0.0.0/8, also inside IPv6, and ::1.
  public var isLoopback: Bool { version4.map { $0.first == 127 } ?? (bytes == Self.one) }

  /// Whether it stands for all of a machine's addresses, so that nobody can connect to it.
  public var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } || version4 == [0, 0, 0, 0] }

  /// Whether it is of a network that does not reach beyond a site: RFC 1918's and 6598's, those of one link, fc00::/7.
  public var isPrivate: Bool {
    guard let version4 else { return bytes[0] & 0xFE == 0xFC || bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80 }
    switch (version4[0], version4[1]) {
    case (10, _), (192, 168), (169, 254), (172, 16...31), (100, 64...127): return true
    default: return false
    }
  }

  /// The IPv4 address itself where one stands inside IPv6.
  public var unmapped: IPAddress {
    guard isVersion6, let version4 else { return self }
    return IPAddress(version4.map(String.init).joined(separator: ".")) ?? self
  }

  /// The IPv4 address that it is or holds.
  private var version4: [UInt8]? {
    guard isVersion6 else { return bytes }
    let mapped = Array(repeating: UInt8(0), count: 10) + [0xFF, 0xFF]
    return bytes.starts(with: mapped) ? Array(bytes.suffix(4)) : nil
  }

  private static let one = Array(repeating: UInt8(0), count: 15) + [1]
}
