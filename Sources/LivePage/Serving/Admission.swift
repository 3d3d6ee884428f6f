import Recipe
import RunControl

/// Who may see the page: whoever calls it by a name of its own and, where there is a token, has that.
///
/// A page of another site reaches a server on the loopback through a name of its own that it lets point there (DNS rebinding):
/// the name gives it away. Addresses are no names that anybody could point elsewhere.
struct Admission: Sendable {
  private let token: [UInt8]?
  private let names: Set<String>

  /// What a browser keeps the token in.
  static let cookie = "twins_page"
  /// Shorter ones can be guessed.
  static let leastLength = 16

  /// What is to be done about a request.
  enum Decision: Equatable {
    case welcome
    /// It calls the page by a name that is not its own.
    case stranger
    /// It has no token, or another one.
    case locked
    /// It brings the token in its address, where it is not to stay.
    case keepsToken
  }

  /// - Parameter names: Names of this host besides its addresses.
  init(token: String?, names: [String]) {
    self.token = token.map { Array($0.utf8) }
    self.names = Set(names.map { $0.lowercased() } + ["localhost"])
  }

  /// - Parameters:
  ///   - host: What the request calls this host, with or without a port.
  ///   - bearer: The token of its `Authorization`.
  ///   - query: The token in its address.
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

  /// Takes as long wherever the two differ.
  private func isToken(_ given: String) -> Bool {
    guard let token else { return false }
    let given = Array(given.utf8)
    var difference = given.count ^ token.count
    for index in token.indices { difference |= Int(token[index] ^ (index < given.count ? given[index] : 0)) }
    return difference == 0
  }

  /// The token that a text holds; throws where it is none.
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
  /// Without blanks at its ends.
  fileprivate var trimmed: String {
    let start = drop { $0 == " " || $0 == "\t" }
    return String(String(start.reversed().drop { $0 == " " || $0 == "\t" }).reversed())
  }
}
