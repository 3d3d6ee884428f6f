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

/// A value in quotes where it has a comma, a quote or an end of line in it (RFC 4180).
///
/// By scalars: a quote with a mark on it is a character of its own.
private func quoted(_ value: String) -> String {
  let scalars = value.unicodeScalars
  guard scalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else { return value }
  var text = "\"".unicodeScalars
  for scalar in scalars { text.append(contentsOf: scalar == "\"" ? [scalar, scalar] : [scalar]) }
  text.append("\"")
  return String(text)
}
