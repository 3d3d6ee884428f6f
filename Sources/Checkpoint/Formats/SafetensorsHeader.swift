/// What the header of a safetensors file says, once it is known to be consistent with the file.
struct SafetensorsHeader {
  /// One tensor; offsets count from the end of the header.
  struct Entry: Equatable {
    let name: String
    let type: ElementType
    let shape: [Int]
    let start: Int
    let end: Int
  }

  let metadata: [String: String]
  /// In the order of the file.
  let entries: [Entry]
  /// Bytes in front of the first tensor.
  let byteCount: Int

  /// Reads and checks the header of a whole file.
  init(of file: UnsafeRawBufferPointer, path: String) throws(CheckpointError) {
    let count = try Self.jsonCount(of: file, path: path)
    byteCount = 8 + count
    do {
      let parser = try HeaderParser(UnsafeRawBufferPointer(rebasing: file[8..<byteCount]))
      metadata = parser.metadata
      entries = parser.entries.sorted { ($0.start, $0.end) < ($1.start, $1.end) }
    } catch {
      throw .badFile(
        path: path, reason: "its header is damaged at byte \(8 + error.position): \(error.reason)")
    }
    try checkSizes(path: path)
    try checkOffsets(available: file.count - byteCount, path: path)
  }

  private static func jsonCount(of file: UnsafeRawBufferPointer, path: String) throws(CheckpointError) -> Int
  {
    guard file.count >= 8 else {
      throw .badFile(path: path, reason: "\(file.count) bytes are too few for a safetensors file")
    }
    let count = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
    guard count <= SafetensorsFile.longestHeader else {
      throw .badFile(path: path, reason: "its header would have \(count) bytes; this is no safetensors file")
    }
    guard count <= file.count - 8 else {
      throw .badFile(path: path, reason: "the file ends inside its header; it was cut short")
    }
    return Int(count)
  }

  private func checkSizes(path: String) throws(CheckpointError) {
    for entry in entries where entry.type.byteCount(shape: entry.shape) != entry.end - entry.start {
      throw .badTensor(
        path: path, tensor: entry.name,
        reason: "\(entry.end - entry.start) bytes do not make up \(entry.type.rawValue) \(entry.shape)")
    }
  }

  /// The tensors have to fill the file: each starts where the one before it ends.
  private func checkOffsets(available: Int, path: String) throws(CheckpointError) {
    var end = 0
    for entry in entries {
      guard entry.start == end else {
        let fault =
          entry.start < end ? "overlaps the tensor before it" : "leaves a gap of \(entry.start - end) bytes"
        throw .badTensor(path: path, tensor: entry.name, reason: fault)
      }
      end = entry.end
    }
    guard end == available else {
      let fault = end > available ? "the file was cut short" : "something follows the last tensor"
      throw .badFile(path: path, reason: "its tensors take \(end) bytes and there are \(available); \(fault)")
    }
  }
}
