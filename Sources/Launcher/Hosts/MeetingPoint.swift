/// Where the launchers of a run meet: host 0's name or address, and a port.
struct MeetingPoint: Equatable, Sendable {
  /// A name, or an address without brackets.
  let host: String
  let port: UInt16

  /// torchrun's default port.
  static let usualPort: UInt16 = 29_400

  init(host: String, port: UInt16 = usualPort) {
    self.host = host
    self.port = port
  }

  /// Reads `host`, `host:port`, `[address]` or `[address]:port`; nil for anything else.
  init?(_ text: String) {
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      let rest = text[text.index(after: end)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
      self.init(String(text[text.index(after: text.startIndex)..<end]), port: rest.dropFirst())
    } else {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      // An IPv6 address contains colons, so it must be in brackets.
      guard parts.count <= 2 else { return nil }
      self.init(String(parts[0]), port: parts.count == 2 ? parts[1] : "")
    }
  }

  private init?(_ host: String, port: Substring) {
    guard !host.isEmpty, host.utf8.allSatisfy(Self.isAllowed) else { return nil }
    guard !port.isEmpty else {
      self.init(host: host)
      return
    }
    guard let number = UInt16(port), number > 0 else { return nil }
    self.init(host: host, port: number)
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: ":")].contains(byte)
    }
  }
}

extension MeetingPoint: CustomStringConvertible {
  /// The form of `--rdzv-endpoint`.
  var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
