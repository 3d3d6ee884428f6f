/// The rows of a table of comma-separated values (RFC 4180), or of values between tabs or semicolons.
///
/// Lines end as on any system. Fields are bytes, since paths are; empty lines are passed over, and so are blanks around a field that are in no quotes.
struct DelimitedRows: Sequence, IteratorProtocol {
  /// A row and the line on which it begins, from 1.
  struct Row: Equatable {
    let line: Int
    let fields: [[UInt8]]
  }

  private var rest: ArraySlice<UInt8>
  private let separator: UInt8
  private var line = 1
  /// The line on which the row begins that ends with a quote open; nil where each is closed.
  private(set) var openRow: Int?

  private static let blanks: [UInt8] = [UInt8(ascii: " "), UInt8(ascii: "\t")]
  private static let (quote, newline, carriage) = (UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r"))

  /// - Parameter separator: What lies between values; nil for the one of the three that the first line has most of.
  init(_ bytes: [UInt8], separator: Character? = nil) {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    rest = bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes[...]
    let first = rest.prefix { $0 != Self.newline && $0 != Self.carriage }
    let most = ",\t;".utf8.max { a, b in first.count { $0 == a } < first.count { $0 == b } }
    self.separator = separator?.asciiValue ?? most ?? UInt8(ascii: ",")
  }

  mutating func next() -> Row? {
    while !rest.isEmpty {
      let start = line
      let fields = row(from: start)
      if fields != [[]] { return Row(line: start, fields: fields) }
    }
    return nil
  }

  private mutating func row(from start: Int) -> [[UInt8]] {
    var fields: [[UInt8]] = []
    var field: [UInt8] = []
    var isQuoted = false
    // So much of the field came in quotes, blanks and all.
    var kept = 0
    func trimmed() -> [UInt8] {
      var end = field.count
      while end > kept, Self.blanks.contains(field[end - 1]) { end -= 1 }
      return Array(field[..<end])
    }
    while let byte = rest.popFirst() {
      if byte == Self.newline { line += 1 }
      switch byte {
      case Self.quote where isQuoted && rest.first == Self.quote:
        field.append(byte)
        rest = rest.dropFirst()
      case Self.quote where isQuoted || field.isEmpty:
        isQuoted.toggle()
        kept = field.count
      case separator where !isQuoted:
        fields.append(trimmed())
        (field, kept) = ([], 0)
      case Self.newline where !isQuoted: return fields + [trimmed()]
      case Self.carriage where !isQuoted && rest.first == Self.newline: continue
      case Self.carriage where !isQuoted:
        line += 1
        return fields + [trimmed()]
      case _ where !isQuoted && field.isEmpty && Self.blanks.contains(byte): continue
      default: field.append(byte)
      }
    }
    if isQuoted { openRow = start }
    return fields + [trimmed()]
  }
}
