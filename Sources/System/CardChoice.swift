/// What a value of a user's variable leaves of so many cards, as the driver reads it (and PyTorch, in
/// `torch.cuda._parse_visible_devices`).
///
/// Numbers, or UUIDs that may be cut short, or names of parts of a card (MIG), of which a program gets the first alone.
/// What cannot be meant, -1 above all, ends the list; what is said twice leaves none.
struct CardChoice {
  /// What the value calls each that is left.
  let names: [String]
  /// What of it cannot be meant, as a clause; nil where all of it counts, or is to hide cards.
  let fault: String?

  /// What people and batch systems write who mean no card.
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

  /// Nil where it is to hide cards.
  private static func fault(_ word: String, isLast: Bool, after prefix: String?) -> String? {
    let text = word.filter { $0 != " " }
    guard !hiding.contains(text), !(text.isEmpty && isLast) else { return nil }
    let expected = prefix.map { "no \($0)… as the first one is" } ?? "neither a card's number nor its UUID"
    return "'\(masked(text))' is \(expected)\(consequence)"
  }

  /// What a word calls a card, a number without what is written around it; nil where it cannot be meant.
  private static func name(_ word: String, _ prefix: String?) -> String? {
    if let prefix { return word.hasPrefix(prefix) ? word : nil }
    return leadingNumber(word).map(String.init)
  }

  /// The number at the start of a word, as C's strtoul reads it; nil where there is none, or one below 0.
  private static func leadingNumber(_ word: String) -> Int? {
    let text = word.drop { $0 == " " }
    let sign = text.prefix { $0 == "+" || $0 == "-" }.prefix(1)
    let digits = text.dropFirst(sign.count).prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits), sign != "-" || number == 0 else { return nil }
    return number
  }
}
