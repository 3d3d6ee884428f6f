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
