/// The positions of values in a JSON text, and of the first syntax error.
///
/// Decoders report neither. What is accepted leniently here is still for them to refuse.
package struct JSONPlaces {
  /// A line and a column, from 1.
  package struct Place: Equatable, CustomStringConvertible {
    let line: Int
    let column: Int

    package var description: String { "\(line):\(column)" }
  }

  /// The position of each member's name, by dotted name.
  private(set) var places: [String: Place] = [:]
  /// The position of the first syntax error; nil if there is none.
  package private(set) var fault: Place?

  private let bytes: [UInt8]
  private var next = 0

  private static let deepest = 200

  private struct Stop: Error {}

  package init(_ text: String) {
    bytes = Array(text.utf8)
    do throws(Stop) {
      try value(named: "", depth: 0)
      skipBlanks()
      if next < bytes.count { throw Stop() }
    } catch {
      fault = place(of: next)
    }
  }

  private func place(of offset: Int) -> Place {
    let before = bytes[..<offset]
    let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    // In UTF-8 all bytes of a character but the first begin with the bits 10.
    let column = bytes[start..<offset].count { $0 & 0xC0 != 0x80 }
    return Place(line: before.count { $0 == UInt8(ascii: "\n") } + 1, column: column + 1)
  }

  private mutating func skipBlanks() {
    while next < bytes.count, " \t\r\n".utf8.contains(bytes[next]) { next += 1 }
  }

  /// Consumes the next character if it is `character`.
  private mutating func takes(_ character: Unicode.Scalar) -> Bool {
    skipBlanks()
    guard next < bytes.count, bytes[next] == UInt8(ascii: character) else { return false }
    next += 1
    return true
  }

  private mutating func value(named name: String, depth: Int) throws(Stop) {
    guard depth < Self.deepest else { throw Stop() }
    if takes("{") {
      try elements(to: "}") { (reader) throws(Stop) in
        let place = reader.place(of: reader.next)
        let key = try reader.text()
        let inner = name.isEmpty ? key : "\(name).\(key)"
        reader.places[inner] = place
        guard reader.takes(":") else { throw Stop() }
        try reader.value(named: inner, depth: depth + 1)
      }
    } else if takes("[") {
      try elements(to: "]") { (reader) throws(Stop) in try reader.value(named: name, depth: depth + 1) }
    } else if next < bytes.count, bytes[next] == UInt8(ascii: "\"") {
      _ = try text()
    } else {
      try word()
    }
  }

  /// Reads comma-separated elements up to an end mark.
  private mutating func elements(
    to end: Unicode.Scalar, _ element: (inout JSONPlaces) throws(Stop) -> Void
  ) throws(Stop) {
    while !takes(end) {
      skipBlanks()
      try element(&self)
      guard !takes(",") else { continue }
      guard takes(end) else { throw Stop() }
      return
    }
  }

  private mutating func text() throws(Stop) -> String {
    guard takes("\"") else { throw Stop() }
    let start = next
    while next < bytes.count, bytes[next] != UInt8(ascii: "\"") {
      next += bytes[next] == UInt8(ascii: "\\") ? 2 : 1
    }
    next = min(next, bytes.count)
    guard next < bytes.count else { throw Stop() }
    next += 1
    return String(decoding: bytes[start..<(next - 1)], as: UTF8.self)
  }

  /// Reads a number, or true, false or null.
  private mutating func word() throws(Stop) {
    let start = next
    let rest = bytes[start...].prefix { !" \t\r\n,:]}{[\"".utf8.contains($0) }
    let word = String(decoding: rest, as: UTF8.self)
    let isNumber = Double(word) != nil && rest.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
    guard isNumber || ["true", "false", "null"].contains(word) else { throw Stop() }
    next += rest.count
  }
}
