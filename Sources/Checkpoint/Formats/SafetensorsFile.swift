/// A safetensors file, mapped into memory and checked before anything is read from it.
///
/// A file that is cut short, whose tensors overlap, leave gaps or do not fit their shapes, that names a tensor twice or
/// whose header is not the JSON it should be, is refused.
public final class SafetensorsFile {
  /// Where the file lies.
  public let path: String
  /// The texts that the writer put beside the tensors.
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

  /// The bytes in front of the tensors.
  var header: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[..<headerCount]) }
}
