/// Parses the JSON of a safetensors header only.
///
/// JSONDecoder is no replacement: it silently takes one of two members with the same name.
struct HeaderParser {
  private(set) var metadata: [String: String] = [:]
  /// In the order of the header.
  private(set) var entries: [SafetensorsHeader.Entry] = []

  private var json: JSONScanner
  private var names: Set<String> = []

  /// Parses the whole header; throws if it is malformed.
  init(_ bytes: UnsafeRawBufferPointer) throws(JSONScanner.Fault) {
    json = JSONScanner(bytes)
    try readMembers { (parser, name) throws(JSONScanner.Fault) in try parser.readMember(name) }
    try json.expectEnd()
  }

  private mutating func readMembers(
    _ body: (inout Self, String) throws(JSONScanner.Fault) -> Void
  ) throws(JSONScanner.Fault) {
    try json.expect("{")
    if json.skip("}") { return }
    repeat {
      let name = try json.string()
      try json.expect(":")
      try body(&self, name)
    } while json.skip(",")
    try json.expect("}")
  }

  private mutating func readMember(_ name: String) throws(JSONScanner.Fault) {
    guard names.insert(name).inserted else { throw json.fault("'\(name.printable)' comes twice") }
    guard name == SafetensorsFile.metadataKey else { return entries.append(try readEntry(name)) }
    try readMembers { (parser, key) throws(JSONScanner.Fault) in
      guard parser.metadata.updateValue(try parser.json.string(), forKey: key) == nil else {
        throw parser.json.fault("'\(key.printable)' comes twice")
      }
    }
  }

  private mutating func readEntry(_ name: String) throws(JSONScanner.Fault) -> SafetensorsHeader.Entry {
    var type: ElementType?
    var shape: [Int]?
    var offsets: [Int]?
    try readMembers { (parser, key) throws(JSONScanner.Fault) in
      switch key {
      case "dtype" where type == nil: type = try parser.readType()
      case "shape" where shape == nil: shape = try parser.json.numbers()
      case "data_offsets" where offsets == nil: offsets = try parser.json.numbers()
      default: throw parser.json.fault("'\(key.printable)' of '\(name.printable)' is unknown or comes twice")
      }
    }
    guard let type, let shape, let offsets, offsets.count == 2, offsets[0] <= offsets[1] else {
      throw json.fault("'\(name.printable)' needs a dtype, a shape, and two data_offsets in order")
    }
    return SafetensorsHeader.Entry(name: name, type: type, shape: shape, start: offsets[0], end: offsets[1])
  }

  private mutating func readType() throws(JSONScanner.Fault) -> ElementType {
    let name = try json.string()
    guard let type = ElementType(rawValue: name) else {
      throw json.fault("the type \(name.printable) is not supported")
    }
    return type
  }
}

/// Reads JSON from front to back as the caller expects it; white space is skipped.
struct JSONScanner {
  /// What was wrong, and at which byte.
  struct Fault: Error, Equatable {
    let reason: String
    let position: Int
  }

  private let bytes: UnsafeRawBufferPointer
  private(set) var position = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  func fault(_ reason: String) -> Fault {
    Fault(reason: reason, position: position)
  }

  /// Consumes a punctuation mark that must follow.
  mutating func expect(_ mark: Unicode.Scalar) throws(Fault) {
    guard skip(mark) else { throw fault("expected '\(mark)'") }
  }

  /// Consumes a punctuation mark if it follows.
  mutating func skip(_ mark: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: mark) else { return false }
    position += 1
    return true
  }

  /// Throws if anything follows.
  mutating func expectEnd() throws(Fault) {
    skipSpace()
    guard position == bytes.count else { throw fault("expected the end") }
  }

  /// Reads a non-negative integer.
  mutating func number() throws(Fault) -> Int {
    skipSpace()
    let start = position
    var value = 0
    while position < bytes.count, case let digit = bytes[position] &- UInt8(ascii: "0"), digit < 10 {
      let (tens, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflows) = tens.addingReportingOverflow(Int(digit))
      guard !tooLarge, !overflows else { throw fault("the number is too large") }
      value = sum
      position += 1
    }
    guard position > start else { throw fault("expected a number") }
    return value
  }

  /// Reads a list of integers, at most as many as a tensor may have dimensions.
  mutating func numbers() throws(Fault) -> [Int] {
    try expect("[")
    if skip("]") { return [] }
    var values = [try number()]
    while skip(",") {
      guard values.count < TensorView.mostSides else {
        throw fault("a list of more than \(TensorView.mostSides) numbers")
      }
      values.append(try number())
    }
    try expect("]")
    return values
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
  }

  /// Reads a quoted string.
  mutating func string() throws(Fault) -> String {
    try expect("\"")
    var text: [UInt8] = []
    while true {
      let byte = try next()
      switch byte {
      case UInt8(ascii: "\""): return try validated(text)
      case UInt8(ascii: "\\"): text += try escape().utf8
      case 0..<0x20: throw fault("a control character in a string")
      default: text.append(byte)
      }
    }
  }

  private mutating func next() throws(Fault) -> UInt8 {
    guard position < bytes.count else { throw fault("the string does not end") }
    defer { position += 1 }
    return bytes[position]
  }

  private func validated(_ text: [UInt8]) throws(Fault) -> String {
    guard let string = String(validating: text, as: UTF8.self) else { throw fault("a string is not UTF-8") }
    return string
  }

  private mutating func escape() throws(Fault) -> String {
    switch Unicode.Scalar(try next()) {
    case "\"": "\""
    case "\\": "\\"
    case "/": "/"
    case "b": "\u{8}"
    case "f": "\u{c}"
    case "n": "\n"
    case "r": "\r"
    case "t": "\t"
    case "u": try unicodeEscape()
    default: throw fault("an unknown escape in a string")
    }
  }

  /// A character beyond U+FFFF is written as two escapes.
  private mutating func unicodeEscape() throws(Fault) -> String {
    var units = [try hexadecimal()]
    if UTF16.isLeadSurrogate(units[0]) {
      guard try next() == UInt8(ascii: "\\"), try next() == UInt8(ascii: "u") else {
        throw fault("half a character in a string")
      }
      units.append(try hexadecimal())
    }
    guard let text = String(validating: units, as: UTF16.self) else {
      throw fault("half a character in a string")
    }
    return text
  }

  private mutating func hexadecimal() throws(Fault) -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(try next())).hexDigitValue else {
        throw fault("expected four hexadecimal digits")
      }
      value = value << 4 | UInt16(digit)
    }
    return value
  }
}
