import Recipe
import RunControl

/// Decides who may see the page: requests must use one of its own names and, if there is a token, have it.
///
/// Another site's page can reach a server on the loopback by a name of its own that it makes point there (DNS
/// rebinding); that name gives it away. Numeric addresses cannot be redirected.
struct Admission: Sendable {
  private let token: [UInt8]?
  private let names: Set<String>

  /// The cookie with the token.
  static let cookie = "twins_page"
  /// The shortest token that cannot be guessed.
  static let leastLength = 16

  /// What to do with a request.
  enum Decision: Equatable {
    case welcome
    /// It uses a name that is not the page's.
    case stranger
    /// It has no token, or a wrong one.
    case locked
    /// It has the token in its URL, from which it should be removed.
    case keepsToken
  }

  /// Makes the rules.
  ///
  /// - Parameter names: This host's names besides its addresses.
  init(token: String?, names: [String]) {
    self.token = token.map { Array($0.utf8) }
    self.names = Set(names.map { $0.lowercased() } + ["localhost"])
  }

  /// Decides on a request.
  ///
  /// - Parameters:
  /// - host: The request's `Host`, with or without a port.
  /// - bearer: The token in its `Authorization`.
  /// - query: The token in its URL.
  func decide(host: String?, cookie: String?, bearer: String?, query: String?) -> Decision {
    guard let host, isOwn(host) else { return .stranger }
    guard token != nil else { return .welcome }
    if let query { return isToken(query) ? .keepsToken : .locked }
    return [cookie, bearer].contains { $0.map(isToken) ?? false } ? .welcome : .locked
  }

  private func isOwn(_ host: String) -> Bool {
    if host.hasPrefix("[") {
      let end = host.firstIndex(of: "]") ?? host.startIndex
      return PageAddress.isIPv6(String(host[..<end].dropFirst()))
    }
    let name = String(host.prefix { $0 != ":" }).lowercased()
    return PageAddress.isIPv4(name) || names.contains(name)
  }

  /// Compares in constant time.
  private func isToken(_ given: String) -> Bool {
    guard let token else { return false }
    let given = Array(given.utf8)
    var difference = given.count ^ token.count
    for index in token.indices { difference |= Int(token[index] ^ (index < given.count ? given[index] : 0)) }
    return difference == 0
  }

  /// The token in a text; throws if it is not valid.
  static func token(in text: String, from source: String) throws(LaunchError) -> String {
    let token = text.prefix { $0 != "\n" && $0 != "\r\n" }.trimmed
    let isPlain = token.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: "-._~".utf8.contains(byte)
      }
    }
    guard token.utf8.count >= leastLength, isPlain else {
      throw LaunchError(
        "the token in \(source) has to be \(leastLength) or more letters, digits or -._~ in the first line. Make one: "
          + "openssl rand -hex 16", exitStatus: .badConfiguration)
    }
    return token
  }
}

extension Substring {
  /// Without blanks at the ends.
  fileprivate var trimmed: String {
    let start = drop { $0 == " " || $0 == "\t" }
    return String(String(start.reversed().drop { $0 == " " || $0 == "\t" }).reversed())
  }
}
