/// Lines of comma-separated values, as spreadsheets and pandas read them.
public func commaSeparated(_ head: [String], _ rows: some Sequence<[String]>) -> String {
  var text = commaSeparated(head)
  for row in rows { text += commaSeparated(row) }
  return text
}

/// One such line with its end.
public func commaSeparated(_ values: [String]) -> String {
  values.map(quoted).joined(separator: ",") + "\n"
}

/// Quotes a value that contains a comma, a quote or a line end (RFC 4180).
///
/// It looks at scalars, since a quote with a combining mark is another character.
private func quoted(_ value: String) -> String {
  let scalars = value.unicodeScalars
  guard scalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else { return value }
  var text = "\"".unicodeScalars
  for scalar in scalars { text.append(contentsOf: scalar == "\"" ? [scalar, scalar] : [scalar]) }
  text.append("\"")
  return String(text)
}

/// The rows of a table of comma-separated values with quotes (RFC 4180); half a row at the end is none.
public func commaSeparatedRows(_ bytes: some Collection<UInt8>, atMost count: Int = .max) -> [[String]] {
  var rows: [[String]] = []
  var (row, cell): ([String], [UInt8]) = ([], [])
  var isQuoted = false
  var lastWasQuote = false
  for byte in bytes {
    switch byte {
    case UInt8(ascii: "\""):
      // Two quotes within quotes are one.
      if lastWasQuote { cell.append(byte) }
      lastWasQuote = isQuoted
      isQuoted.toggle()
      continue
    case UInt8(ascii: ",") where !isQuoted:
      row.append(String(decoding: cell, as: UTF8.self))
      cell = []
    case UInt8(ascii: "\n") where !isQuoted:
      row.append(String(decoding: cell, as: UTF8.self))
      rows.append(row)
      (row, cell) = ([], [])
      if rows.count == count { return rows }
    default: cell.append(byte)
    }
    lastWasQuote = false
  }
  return rows
}
