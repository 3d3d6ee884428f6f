/// A line's fields, separated by tabs.
struct Fields {
  /// The unread part of the line.
  private(set) var rest: ArraySlice<UInt8>

  init(_ line: ArraySlice<UInt8>) { rest = line }

  /// Skips the next field if it equals `field`, and returns whether it did.
  mutating func skip(_ field: String) -> Bool {
    guard rest.starts(with: field.utf8), rest.dropFirst(field.utf8.count).first == Self.tab else {
      return false
    }
    rest = rest.dropFirst(field.utf8.count + 1)
    return true
  }

  /// Reads the next field as an integer of at most 62 bits; nil if it is none.
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
