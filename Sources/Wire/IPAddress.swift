internal import Glibc

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

  /// The IPv4 address that it is or holds.
  private var version4: [UInt8]? {
    guard isVersion6 else { return bytes }
    let mapped = Array(repeating: UInt8(0), count: 10) + [0xFF, 0xFF]
    return bytes.starts(with: mapped) ? Array(bytes.suffix(4)) : nil
  }

  private static let one = Array(repeating: UInt8(0), count: 15) + [1]
}
