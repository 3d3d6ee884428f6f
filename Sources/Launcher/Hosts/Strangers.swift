import Wire

/// The peers that host 0 has refused: those with another key, with a key where it has none, or that are no
/// launchers.
///
/// Pure: the caller passes the addresses. A launcher with another key dials repeatedly, and is reported once.
struct Strangers: Sendable {
  private var known: [IPAddress] = []
  private var nameless = 0

  /// The most refused addresses to report; more cannot be mistakes.
  private static let most = 8
  /// After so many connections that were closed before their address could be read, they are reported.
  private static let mostNameless = 3

  /// Records a refused peer; returns a message where that is new.
  ///
  /// - Parameter address: Nil where the connection was closed already; the peer will probably come again.
  mutating func note(_ address: IPAddress?) -> String? {
    guard let address else {
      nameless += 1
      return known.isEmpty && nameless == Self.mostNameless ? Self.line("somebody") : nil
    }
    guard known.count < Self.most, !known.contains(address) else { return nil }
    known.append(address)
    return Self.line("somebody at \(address)")
  }

  /// A possible reason for a missing host, where a peer was refused.
  var suspicion: String? {
    guard !known.isEmpty || nameless > 0 else { return nil }
    let places = known.isEmpty ? "" : " at " + known.map(\.description).joined(separator: ", ")
    return "its key: somebody\(places) was not let in. All hosts need the same --rdzv-key-file, or none"
  }

  private static func line(_ who: String) -> String {
    "not let in: \(who), with another key than this host's, or no launcher at all. Give all hosts the same "
      + "--rdzv-key-file, or none"
  }
}
