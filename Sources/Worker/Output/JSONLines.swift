import Foundation
import System

/// A file of one JSON object a line; each line is handed to the system when it is written.
final class JSONLines {
  private let file: GrowingFile

  /// Opens a file to add to; throws where that fails, and for what is no file.
  init(addingTo path: String) throws(SystemError) { file = try GrowingFile(addingTo: path) }

  /// Writes the lines that are kept, where there are some and may be room again.
  func catchUp() { file.catchUp() }

  /// Adds an object with its keys in the given order, as Python's `json.dumps` writes it.
  func add(_ fields: [(key: String, value: JSONNumber)]) {
    let body = fields.map { "\"\($0.key)\": \($0.value.text)" }.joined(separator: ", ")
    file.add(Array("{\(body)}\n".utf8))
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
