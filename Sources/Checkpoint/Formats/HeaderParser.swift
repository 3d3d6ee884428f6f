/// Reads the JSON of a safetensors header, and nothing more general than that.
///
/// JSONDecoder would not do: of two members with the same name it takes one and is silent about the other.
struct HeaderParser {
  private(set) var metadata: [String: String] = [:]
  /// In the order of the header.
  private(set) var entries: [SafetensorsHeader.Entry] = []

  private var json: JSONScanner
  private var names: Set<String> = []

  /// Reads the whole header, or throws where it is not as it should be.
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
