import Glibc

/// The page's address: `127.0.0.1:8265`, `[::1]:8265`, `localhost:8265`, or only a port, on the loopback.
struct PageAddress: Equatable, Sendable {
  let host: String
  /// 0 lets the system choose a port.
  let port: Int

  /// Nil if the text is no such address.
  init?(_ text: String) {
    let end = text.lastIndex(of: ":")
    let name = end.map { String(text[..<$0]) } ?? ""
    let number = end.map { text[text.index(after: $0)...] } ?? text[...]
    guard let port = UInt16(number), number.allSatisfy(\.isNumber) else { return nil }
    let isBracketed = name.hasPrefix("[") && name.hasSuffix("]")
    let host = isBracketed ? String(name.dropFirst().dropLast()) : name
    guard isBracketed ? Self.isIPv6(host) : !host.contains(":") && !host.contains("/") else { return nil }
    self.host = host.isEmpty ? "127.0.0.1" : host
    self.port = Int(port)
  }

  /// Whether only programs on this machine can reach it.
  var isLoopback: Bool { host == "localhost" || host == "::1" || Self.isIPv4(host) && host.hasPrefix("127.") }

  /// The URL for the browser, once the port is known.
  func url(port: Int) -> String {
    "http://\(host.contains(":") ? "[\(host)]" : host):\(port)/"
  }

  static func isIPv4(_ text: String) -> Bool {
    var address = in_addr()
    return inet_pton(AF_INET, text, &address) == 1
  }

  static func isIPv6(_ text: String) -> Bool {
    var address = in6_addr()
    return inet_pton(AF_INET6, text, &address) == 1
  }
}
