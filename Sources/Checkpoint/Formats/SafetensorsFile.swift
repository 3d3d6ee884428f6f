/// A safetensors file, mapped into memory and checked before anything is read from it.
///
/// A file is refused if it is truncated, if its tensors overlap, leave gaps or do not fit their shapes, if a
/// name occurs twice, or if its header is malformed.
public final class SafetensorsFile {
  /// The file's path.
  public let path: String
  /// The metadata that the writer stored beside the tensors.
  public let metadata: [String: String]
  /// The tensors' names, in the order of the file.
  public let names: [String]

  private let file: MappedFile
  private let views: [String: TensorView]
  private let headerCount: Int

  static let metadataKey = "__metadata__"
  static let longestHeader = 100_000_000

  /// Opens and checks a file.
  public convenience init(path: String) throws(CheckpointError) {
    try self.init(mapping: MappedFile(path: path), path: path)
  }

  init(mapping file: consuming MappedFile, path: String) throws(CheckpointError) {
    let bytes = file.bytes
    let header = try SafetensorsHeader(of: bytes, path: path)
    self.path = path
    metadata = header.metadata
    names = header.entries.map(\.name)
    headerCount = header.byteCount
    var views: [String: TensorView] = [:]
    for entry in header.entries {
      let range = header.byteCount + entry.start..<header.byteCount + entry.end
      views[entry.name] = TensorView(
        name: entry.name, type: entry.type, shape: entry.shape,
        bytes: UnsafeRawBufferPointer(rebasing: bytes[range]))
    }
    self.views = views
    self.file = file
  }

  /// A tensor by its name; its bytes are valid as long as this object lives.
  public func tensor(named name: String) throws(CheckpointError) -> TensorView {
    guard let view = views[name] else {
      throw .badTensor(path: path, tensor: name, reason: "there is no such tensor")
    }
    return view
  }

  /// All tensors, in the order of the file; their bytes are valid as long as this object lives.
  public var tensors: [TensorView] { names.compactMap { views[$0] } }

  /// The bytes before the tensors.
  var header: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[..<headerCount]) }
}

/// The header of a safetensors file, checked to be consistent with the file.
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
  /// The header's size, in bytes.
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

  /// Checks that the tensors fill the file: each must start where the one before it ends.
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
