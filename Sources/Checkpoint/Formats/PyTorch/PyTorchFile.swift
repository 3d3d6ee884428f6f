/// A PyTorch file of weights in the format of `torch.save` since PyTorch 1.6: a zip archive with a pickle and
/// storages.
///
/// The pickle is parsed, never executed; a file that names other Python objects than weights need, or is
/// inconsistent, is refused. Layout: PyTorch's `torch/serialization.py`.
final class PyTorchFile {
  let path: String
  /// Row-major tensors in the order of their dictionary; their bytes are valid as long as this object lives.
  private(set) var tensors: [TensorView] = []
  /// The key of the dictionary that holds the tensors; nil if the file's top level does.
  let container: String?
  /// The key of the dictionary that holds an average of the weights; nil if there is none.
  let average: String?
  /// Whether the file also contains an optimizer's state.
  let hasOptimizer: Bool
  /// Metadata of the weights, with the keys of this project's own files.
  let metadata: [String: String]

  private let file: MappedFile
  private var copies: [OwnedBytes] = []

  /// The keys under which checkpoints store weights, best first.
  fileprivate static let containers = ["model", "state_dict"] + averages
  /// The keys under which timm and DeiT store an average of the weights.
  private static let averages = ["state_dict_ema", "model_ema"]

  /// Opens a file; `takesAverage` selects the average of the weights if there is one.
  init(mapping file: consuming MappedFile, path: String, takesAverage: Bool) throws(CheckpointError) {
    let bytes = file.bytes
    self.file = file
    self.path = path
    let (archive, prefix, pickle) = try explained(path) { () throws(Refusal) in try Self.open(bytes) }
    func first(of keys: [String]) -> String? {
      keys.first { key in pickle.value(key, in: pickle.root).map { !pickle.tensors(of: $0).isEmpty } ?? false
      }
    }
    average = first(of: Self.averages)
    container = first(of: (takesAverage ? Self.averages : []) + Self.containers)
    hasOptimizer = pickle.value("optimizer", in: pickle.root) != nil
    metadata = pickle.metadata
    let weights = container.flatMap { pickle.value($0, in: pickle.root) } ?? pickle.root
    let described = pickle.tensors(of: weights)
    guard !described.isEmpty else { throw Self.noTensors(in: pickle, path: path) }
    var storages = StorageReader(archive: archive, prefix: prefix, limit: bytes.count)
    for (name, tensor) in described { tensors.append(try view(name, tensor, &storages)) }
  }

  private static func open(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> (ZipArchive, String, Pickle) {
    let archive = try ZipArchive(bytes)
    let pickles = archive.names.filter { $0.hasSuffix("/data.pkl") }
    guard pickles.count == 1, let content = try archive.content(of: pickles[0]) else {
      throw .malformed("it is a zip archive, but none of PyTorch's: it has \(pickles.count) files data.pkl")
    }
    let prefix = String(pickles[0].dropLast("data.pkl".count))
    if let order = try archive.content(of: prefix + "byteorder"), !order.elementsEqual("little".utf8) {
      throw .malformed("its numbers are not little-endian")
    }
    return (archive, prefix, try Unpickler.read(content))
  }

  private static func noTensors(in pickle: Pickle, path: String) -> CheckpointError {
    let keys = (pickle.entries(of: pickle.root) ?? []).prefix(8).compactMap { entry in
      if case .text(let key) = entry.key { key.printable } else { nil }
    }
    return .badFile(
      path: path,
      reason:
        "no weights were found in it, neither at the top nor under \(containers.joined(separator: ", ")); "
        + "its keys are: \(keys.joined(separator: ", "))")
  }

  private func view(
    _ name: String, _ tensor: Pickle.Tensor, _ storages: inout StorageReader
  ) throws(CheckpointError) -> TensorView {
    do throws(Refusal) {
      let strided = try StridedTensor(tensor, of: try storages.bytes(for: tensor))
      let bytes = strided.lent ?? keep(strided.gathered())
      return TensorView(name: name, type: tensor.storage.type, shape: tensor.shape, bytes: bytes)
    } catch .malformed(let reason) {
      throw .badTensor(path: path, tensor: name.printable, reason: reason)
    } catch {
      throw CheckpointError(error, path: path)
    }
  }

  private func keep(_ copy: OwnedBytes) -> UnsafeRawBufferPointer {
    copies.append(copy)
    return copy.bytes
  }
}

/// Finds storages in the archive, verifies each once, and limits the bytes that tensors use in total.
private struct StorageReader {
  let archive: ZipArchive
  let prefix: String
  /// The file's size. Tensors may share storages, as tied weights do, but not without limit.
  let limit: Int
  private var found: [String: UnsafeRawBufferPointer] = [:]
  private var claimed = 0

  init(archive: ZipArchive, prefix: String, limit: Int) {
    self.archive = archive
    self.prefix = prefix
    self.limit = limit
  }

  /// The bytes of a tensor's storage.
  mutating func bytes(for tensor: Pickle.Tensor) throws(Refusal) -> UnsafeRawBufferPointer {
    let storage = tensor.storage
    let entry = "\(prefix)data/\(storage.key)"
    if found[entry] == nil { found[entry] = try archive.content(of: entry) }
    guard let bytes = found[entry] else {
      throw .malformed("its storage \(entry.printable) is not in the archive")
    }
    guard let wanted = storage.type.byteCount(shape: [storage.count]), wanted <= bytes.count else {
      throw .malformed("its storage should have \(storage.count) elements and has \(bytes.count) bytes")
    }
    claimed += min(limit, storage.type.byteCount(shape: tensor.shape) ?? limit)
    guard claimed <= 2 * limit else {
      throw .malformed("it and the tensors before it take more than twice the bytes of the file")
    }
    return UnsafeRawBufferPointer(rebasing: bytes[..<wanted])
  }
}

/// Runs `body`; a refusal becomes an error that names the file and says what to do.
private func explained<Result>(
  _ path: String, _ body: () throws(Refusal) -> Result
) throws(CheckpointError) -> Result {
  do throws(Refusal) {
    return try body()
  } catch {
    throw CheckpointError(error, path: path)
  }
}

extension CheckpointError {
  /// The error of a file refused as a whole.
  fileprivate init(_ refusal: Refusal, path: String) {
    switch refusal {
    case .malformed(let reason): self = .badFile(path: path, reason: reason)
    case .foreign(let global):
      let containers = PyTorchFile.containers.map { "'\($0)'" }.joined(separator: ", ")
      self = .badFile(
        path: path,
        reason:
          "it names the Python object \(global), which weights do not need; nothing of it was run. If you trust "
          + "the file, save its weights alone: python -c \"import sys, torch; c = torch.load(sys.argv[1], "
          + "map_location='cpu', weights_only=False); w = next((c[k] for k in [\(containers)] if k in c), c) "
          + "if isinstance(c, dict) else c; torch.save(w if isinstance(w, dict) else w.state_dict(), sys.argv[2])\" "
          + "\(path) weights.pth")
    }
  }
}
