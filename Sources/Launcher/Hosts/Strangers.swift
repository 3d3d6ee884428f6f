import Wire

/// Who came to host 0 and was not let in: with another key, with one where it has none, or no launcher at all.
///
/// Pure: told who knocked. A launcher with another key dials again and again, and is told of once.
struct Strangers: Sendable {
  private var known: [IPAddress] = []
  private var nameless = 0

  /// More than have a wrong key by mistake.
  private static let most = 8
  /// So many connections were gone before anybody could look where they came from.
  private static let mostNameless = 3

  /// Somebody was not let in; what to say of it, where that is news.
  ///
  /// - Parameter address: Nil where the connection was gone already; whoever it was is likely to come again.
  mutating func note(_ address: IPAddress?) -> String? {
    guard let address else {
      nameless += 1
      return known.isEmpty && nameless == Self.mostNameless ? Self.line("somebody") : nil
    }
    guard known.count < Self.most, !known.contains(address) else { return nil }
    known.append(address)
    return Self.line("somebody at \(address)")
  }

  /// Why a host may be missed, where somebody was not let in.
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
