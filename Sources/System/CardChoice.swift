/// The cards that a user's variable selects among those present, interpreted as by the driver (and by
/// PyTorch, in `torch.cuda._parse_visible_devices`).
///
/// Entries are numbers, UUIDs that may be abbreviated, or names of parts of a card (MIG), of which a program
/// gets only the first. An invalid entry, such as -1, ends the list; a repeated one selects no cards.
struct CardChoice {
  /// The entries of the selected cards.
  let names: [String]
  /// What is invalid, as a clause; nil if nothing is, or cards are hidden on purpose.
  let fault: String?

  /// Values by which people and batch systems hide all cards.
  private static let hiding: Set = ["-1", "none", "void", "NoDevFiles"]

  init(_ value: String, of present: Int) {
    let words = value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let prefix = ["GPU-", "MIG-"].first(where: value.hasPrefix)
    let meant = words.map { Self.name($0, prefix) }.prefix { $0 != nil }.compactMap(\.self)
    guard Set(meant).count == meant.count else {
      (names, fault) = ([], "a card is named twice, which leaves none")
      return
    }
    switch prefix {
    case nil: names = Array(meant.prefix { Int($0) ?? present < present })
    case "MIG-": names = Array(meant.prefix(min(1, present)))
    default: names = Array(meant.prefix(present))
    }
    if let word = words.dropFirst(meant.count).first {
      fault = Self.fault(word, isLast: meant.count + 1 == words.count, after: prefix)
    } else if prefix == nil, present > 0, names.count < meant.count {
      fault = "there is no card \(meant[names.count]), but 0 to \(present - 1)\(Self.consequence)"
    } else {
      fault = nil
    }
  }

  private static let consequence = ", and nothing counts from there on"

  /// Nil if it is meant to hide cards.
  private static func fault(_ word: String, isLast: Bool, after prefix: String?) -> String? {
    let text = word.filter { $0 != " " }
    guard !hiding.contains(text), !(text.isEmpty && isLast) else { return nil }
    let expected = prefix.map { "no \($0)… as the first one is" } ?? "neither a card's number nor its UUID"
    return "'\(masked(text))' is \(expected)\(consequence)"
  }

  /// The card named by an entry, as a plain number if it is one; nil if invalid.
  private static func name(_ word: String, _ prefix: String?) -> String? {
    if let prefix { return word.hasPrefix(prefix) ? word : nil }
    return leadingNumber(word).map(String.init)
  }

  /// The number at the start of a word, as parsed by C's strtoul; nil if there is none, or it is negative.
  private static func leadingNumber(_ word: String) -> Int? {
    let text = word.drop { $0 == " " }
    let sign = text.prefix { $0 == "+" || $0 == "-" }.prefix(1)
    let digits = text.dropFirst(sign.count).prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits), sign != "-" || number == 0 else { return nil }
    return number
  }
}
