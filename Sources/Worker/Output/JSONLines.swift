import Foundation
import System

/// A file with one JSON object per line, each handed to the system when it is written.
final class JSONLines {
  private let file: GrowingFile

  /// Opens a file for appending; throws on failure, and if it is not a regular file.
  init(addingTo path: String) throws(SystemError) { file = try GrowingFile(addingTo: path) }

  /// Writes kept lines, if there may be room again.
  func catchUp() { file.catchUp() }

  /// Appends an object with its keys in the given order, formatted like Python's `json.dumps`.
  func add(_ fields: [(key: String, value: JSONNumber)]) {
    let body = fields.map { "\"\($0.key)\": \($0.value.text)" }.joined(separator: ", ")
    file.add(Array("{\(body)}\n".utf8))
  }
}

/// A number in a JSON line.
enum JSONNumber {
  case integer(Int)
  case real(Double)

  /// The shortest form that parses to the same number; `null` for one that is not finite, which JSON cannot
  /// express.
  var text: String {
    switch self {
    case .integer(let value): "\(value)"
    case .real(let value): value.isFinite ? "\(value)" : "null"
    }
  }
}

/// A value as one line of JSON, with sorted keys in snake case.
func jsonLine(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
