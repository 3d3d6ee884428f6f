/// The rows of a table of comma-separated values with quotes (RFC 4180); half a row at the end is none.
func commaSeparatedRows(_ bytes: some Collection<UInt8>, atMost count: Int = .max) -> [[String]] {
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
