/// The rows of a table of values separated by commas (RFC 4180), tabs or semicolons.
///
/// Any system's line ends are accepted. Fields are bytes, as paths are; empty lines are skipped, and so are
/// blanks around a field outside quotes.
struct DelimitedRows: Sequence, IteratorProtocol {
  /// A row, with the line on which it begins, from 1.
  struct Row: Equatable {
    let line: Int
    let fields: [[UInt8]]
  }

  private var rest: ArraySlice<UInt8>
  private let separator: UInt8
  private var line = 1
  /// The line of a row that ends inside quotes; nil if there is none.
  private(set) var openRow: Int?

  private static let blanks: [UInt8] = [UInt8(ascii: " "), UInt8(ascii: "\t")]
  private static let (quote, newline, carriage) = (UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r"))

  /// Prepares to read rows.
  ///
  /// - Parameter separator: The separator; nil takes the one of the three that occurs most in the first line.
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
    // The length of the field up to its last quoted part, whose blanks are kept.
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
