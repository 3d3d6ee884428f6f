/// The rows of a table of comma-separated values (RFC 4180), or of values between tabs or semicolons.
///
/// Fields are bytes, since paths are; empty lines are passed over.
struct DelimitedRows: Sequence, IteratorProtocol {
  /// A row and the line on which it begins, from 1.
  struct Row: Equatable {
    let line: Int
    let fields: [[UInt8]]
  }

  private var rest: ArraySlice<UInt8>
  private let separator: UInt8
  private var line = 1

  private static let (quote, newline, carriage) = (UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r"))

  /// The separator is the one of the three that the first line has most of.
  init(_ bytes: [UInt8]) {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    rest = bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes[...]
    let first = rest.prefix { $0 != Self.newline }
    separator =
      ",\t;".utf8.max { a, b in first.count { $0 == a } < first.count { $0 == b } } ?? UInt8(ascii: ",")
  }

  mutating func next() -> Row? {
    while !rest.isEmpty {
      let start = line
      let fields = row()
      if fields != [[]] { return Row(line: start, fields: fields) }
    }
    return nil
  }

  private mutating func row() -> [[UInt8]] {
    var fields: [[UInt8]] = []
    var field: [UInt8] = []
    var isQuoted = false
    while let byte = rest.popFirst() {
      if byte == Self.newline { line += 1 }
      switch byte {
      case Self.quote where isQuoted && rest.first == Self.quote:
        field.append(byte)
        rest = rest.dropFirst()
      case Self.quote where isQuoted || field.isEmpty: isQuoted.toggle()
      case separator where !isQuoted:
        fields.append(field)
        field = []
      case Self.newline where !isQuoted: return fields + [field]
      case Self.carriage where !isQuoted && rest.first == Self.newline: continue
      default: field.append(byte)
      }
    }
    return fields + [field]
  }
}
