import System

/// Writes the safetensors format: an 8-byte length, a JSON header padded with spaces, then the tensors
/// without gaps.
///
/// Bytes equal those of the Python package (0.8): larger elements first, then by name, so that every tensor
/// is aligned. Format: https://github.com/huggingface/safetensors
public enum Safetensors {
  /// Writes a file, replacing an earlier one, which stays unchanged on any error.
  ///
  /// The tensors' bytes are written directly from their memory.
  public static func write(
    _ tensors: [TensorView], metadata: [String: String] = [:], to path: String
  ) throws(CheckpointError) {
    let layout = try SafetensorsLayout(tensors, metadata: metadata, path: path)
    try AtomicFile.write(to: path) { writer throws(CheckpointError) in try layout.write(to: &writer) }
  }
}

/// Where each tensor of a file will lie, and the file's header.
struct SafetensorsLayout {
  /// The tensors in the order of the file.
  let tensors: [TensorView]
  /// The header's length and its padded JSON.
  let header: [UInt8]

  /// Arranges tensors; throws if a name occurs twice, or bytes do not fit type and shape.
  init(_ tensors: [TensorView], metadata: [String: String], path: String) throws(CheckpointError) {
    self.tensors = tensors.sorted { ($0.type.rank, $0.name) < ($1.type.rank, $1.name) }
    try Self.check(self.tensors, path: path)
    var json = Self.json(self.tensors, metadata: metadata)
    // Pads so that the tensors start at a multiple of eight.
    json += String(repeating: " ", count: (8 - json.utf8.count % 8) % 8)
    header = withUnsafeBytes(of: UInt64(json.utf8.count).littleEndian, Array.init) + json.utf8
  }

  /// Writes the whole file.
  func write(to writer: inout FileWriter) throws(CheckpointError) {
    try writer.write(header)
    for tensor in tensors { try writer.write(tensor.bytes) }
  }
}

extension SafetensorsLayout {
  private static func check(_ tensors: [TensorView], path: String) throws(CheckpointError) {
    var names: Set<String> = [SafetensorsFile.metadataKey]
    for tensor in tensors {
      guard names.insert(tensor.name).inserted else {
        throw .badTensor(path: path, tensor: tensor.name, reason: "the name is taken")
      }
      guard tensor.type.byteCount(shape: tensor.shape) == tensor.bytes.count else {
        throw .badTensor(
          path: path, tensor: tensor.name,
          reason: "\(tensor.bytes.count) bytes do not make up \(tensor.type.rawValue) \(tensor.shape)")
      }
    }
  }

  private static func json(_ tensors: [TensorView], metadata: [String: String]) -> String {
    var members: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
      members.append("\"\(SafetensorsFile.metadataKey)\":{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    for tensor in tensors {
      members.append(member(tensor, at: offset))
      offset += tensor.bytes.count
    }
    return "{\(members.joined(separator: ","))}"
  }

  private static func member(_ tensor: TensorView, at offset: Int) -> String {
    let shape = tensor.shape.map(String.init).joined(separator: ",")
    return "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)],"
      + "\"data_offsets\":[\(offset),\(offset + tensor.bytes.count)]}"
  }

  private static func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar in
      switch scalar {
      case "\"": "\\\""
      case "\\": "\\\\"
      case "\u{8}": "\\b"
      case "\u{c}": "\\f"
      case "\n": "\\n"
      case "\r": "\\r"
      case "\t": "\\t"
      case "\0"..<" ": "\\u" + String(scalar.value, digits: 4, radix: 16)
      default: String(scalar)
      }
    }
    return "\"\(escaped.joined())\""
  }
}

extension ElementType {
  /// The position of this type's tensors in a file.
  fileprivate var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
