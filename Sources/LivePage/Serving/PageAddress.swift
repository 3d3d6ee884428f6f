import Glibc

/// Where the page is served: `127.0.0.1:8265`, `[::1]:8265`, `localhost:8265`, or a port alone, which is the loopback's.
struct PageAddress: Equatable, Sendable {
  let host: String
  /// 0 has the system choose one.
  let port: Int

  /// Nil where the text names no such place.
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

  /// Whether only programs of this machine get there.
  var isLoopback: Bool { host == "localhost" || host == "::1" || Self.isIPv4(host) && host.hasPrefix("127.") }

  /// What a browser is told to open, once the port is known.
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
