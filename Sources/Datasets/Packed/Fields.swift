/// The fields of a line, between tabs.
struct Fields {
  /// What has not been read.
  private(set) var rest: ArraySlice<UInt8>

  init(_ line: ArraySlice<UInt8>) { rest = line }

  /// Whether the next field is this one, which is passed over then.
  mutating func skip(_ field: String) -> Bool {
    guard rest.starts(with: field.utf8), rest.dropFirst(field.utf8.count).first == Self.tab else {
      return false
    }
    rest = rest.dropFirst(field.utf8.count + 1)
    return true
  }

  /// The next field as a whole number of at most 62 bits; nil where it is none.
  mutating func number(radix: Int = 10) -> Int? {
    var value = 0
    var digits = 0
    while let byte = rest.first, byte != Self.tab {
      guard let digit = Character(UnicodeScalar(byte)).hexDigitValue, digit < radix, value < Int.max >> 6
      else {
        return nil
      }
      value = value * radix + digit
      digits += 1
      rest = rest.dropFirst()
    }
    guard digits > 0, !rest.isEmpty else { return nil }
    rest = rest.dropFirst()
    return value
  }

  private static let tab = UInt8(ascii: "\t")
}
