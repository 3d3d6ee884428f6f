import Foundation

/// A file of one JSON object a line; each line is handed to the system when it is written.
final class JSONLines {
  private let stream: UnsafeMutablePointer<FILE>

  /// Writes to `stream` from now on, and closes it in the end.
  init(_ stream: UnsafeMutablePointer<FILE>) { self.stream = stream }

  deinit { fclose(stream) }

  /// Adds an object with its keys in the given order, as Python's `json.dumps` writes it.
  func add(_ fields: KeyValuePairs<String, JSONNumber>) {
    add(fields.map { ($0.key, $0.value) })
  }

  /// Adds an object whose fields are not always the same.
  func add(_ fields: [(key: String, value: JSONNumber)]) {
    let body = fields.map { "\"\($0.key)\": \($0.value.text)" }.joined(separator: ", ")
    fputs("{\(body)}\n", stream)
    fflush(stream)
  }
}

/// A number in a JSON line.
enum JSONNumber {
  case integer(Int)
  case real(Double)

  /// The shortest form that reads back the same; `null` for what is not a finite number, as JSON has no word for it.
  var text: String {
    switch self {
    case .integer(let value): "\(value)"
    case .real(let value): value.isFinite ? "\(value)" : "null"
    }
  }
}

/// A value as one line of JSON, keys in snake case and sorted.
func jsonLine(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
