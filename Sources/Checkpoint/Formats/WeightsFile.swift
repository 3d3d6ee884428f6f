import System
import SystemPackage

/// Named tensors in a file.
public protocol NamedTensors: AnyObject {
  /// The file's path.
  var path: String { get }
  /// All tensors; their bytes are valid as long as this object lives.
  var tensors: [TensorView] { get }
  /// A tensor by its name.
  func tensor(named name: String) throws(CheckpointError) -> TensorView
}

extension SafetensorsFile: NamedTensors {}

/// A file of weights in safetensors or PyTorch's `.pth` format, recognised by its content.
///
/// Keys are mapped to the network's own: prefixes that `DataParallel` and other wrappers add to all keys are
/// removed. Floating-point tensors of any width are converted to float32. Nothing in a file is ever executed.
public final class WeightsFile: NamedTensors {
  /// The file's path.
  public let path: String
  /// The metadata stored beside the tensors; for a `.pth`, the equivalent from its other entries.
  public let metadata: [String: String]
  /// All tensors, in the order of the file; their bytes are valid as long as this object lives.
  public let tensors: [TensorView]
  /// Whether the file is a PyTorch training state, of which only the weights are read.
  public let hasOptimizer: Bool
  /// The part of the file that contains the tensors, such as `state_dict`; nil if there are no parts.
  public let part: String?
  /// The part of the file with an average of the weights, such as timm's `state_dict_ema` or DeiT's
  /// `model_ema`.
  public let average: String?
  /// What was changed about the tensors, for messages, such as `without the prefix module.`.
  public let changes: [String]

  private let views: [String: TensorView]
  /// The owners of the tensors' bytes.
  private let owners: [AnyObject]

  /// Prefixes that wrappers of a network add to all keys.
  private static let prefixes = ["module.", "_orig_mod.", "backbone.", "model."]

  /// Opens and checks a file; throws if it has neither format, is damaged or needs more than weights.
  ///
  /// - Parameter takesAverage: Whether to read the average of the weights, if there is one.
  public init(path: String, takesAverage: Bool = false) throws(CheckpointError) {
    let source = try Source(path: path, takesAverage: takesAverage)
    // First makes sure that names are unique: a long one could otherwise repeat thousands of times.
    _ = try Self.byName(source.tensors, path: path)
    let (named, stripped) = Self.withoutPrefixes(source.tensors)
    var copies: [OwnedBytes] = []
    tensors = named.map { $0.asFloat32(keeping: &copies) }
    views = try Self.byName(tensors, path: path)
    self.path = path
    metadata = source.metadata
    hasOptimizer = source.hasOptimizer
    part = source.container
    average = source.average
    owners = [source.owner] + copies
    changes =
      (source.container.map { ["the part '\($0)'"] } ?? []) + stripped.map { "without the prefix \($0)" }
      + (copies.isEmpty ? [] : ["\(counted(copies.count, "tensor")) made float32"])
  }

  /// A tensor by its name; its bytes are valid as long as this object lives.
  public func tensor(named name: String) throws(CheckpointError) -> TensorView {
    guard let view = views[name] else {
      throw .badTensor(path: path, tensor: name, reason: "there is no such tensor")
    }
    return view
  }

  /// Removes up to three nested prefixes, such as `module.model.`; no wrapper adds more.
  private static func withoutPrefixes(_ tensors: [TensorView]) -> ([TensorView], stripped: [String]) {
    var names = tensors.map(\.name)
    var stripped: [String] = []
    for _ in 0..<3 {
      let common = prefixes.first { prefix in names.allSatisfy { $0.hasPrefix(prefix) } }
      guard let common, !names.isEmpty else { break }
      names = names.map { String($0.dropFirst(common.count)) }
      stripped.append(common)
    }
    let renamed = zip(tensors, names).map {
      TensorView(name: $1, type: $0.type, shape: $0.shape, bytes: $0.bytes)
    }
    return (renamed, stripped)
  }

  private static func byName(_ tensors: [TensorView], path: String) throws(CheckpointError)
    -> [String: TensorView]
  {
    var views: [String: TensorView] = [:]
    for view in tensors {
      guard view.name.isPrintable else {
        throw .badTensor(path: path, tensor: view.name.printable, reason: "the name has control characters")
      }
      guard views.updateValue(view, forKey: view.name) == nil else {
        throw .badTensor(path: path, tensor: view.name.printable, reason: "the name comes twice")
      }
    }
    return views
  }
}

extension WeightsFile {
  /// What both formats provide.
  private struct Source {
    let owner: AnyObject
    let tensors: [TensorView]
    let metadata: [String: String]
    var container: String?
    var average: String?
    var hasOptimizer = false

    /// Opens a file in the format that its first bytes show.
    init(path: String, takesAverage: Bool) throws(CheckpointError) {
      let file = try MappedFile(path: path)
      switch Format(of: file.bytes) {
      case .zip: self.init(try PyTorchFile(mapping: file, path: path, takesAverage: takesAverage))
      case .legacy: throw .badFile(path: path, reason: Self.legacy(path))
      case .pickle:
        throw .badFile(
          path: path, reason: "it is a bare pickle; only what torch.save writes, and safetensors, are read")
      case .unknown:
        throw .badFile(
          path: path,
          reason: StandIn(file.bytes)?.description(at: FilePath(path))
            ?? "it is neither a .pth file of PyTorch's nor a safetensors file")
      case .safetensors: self.init(try SafetensorsFile(mapping: file, path: path))
      }
    }

    private init(_ file: SafetensorsFile) {
      owner = file
      tensors = file.tensors
      metadata = file.metadata
    }

    private init(_ file: PyTorchFile) {
      owner = file
      tensors = file.tensors
      metadata = file.metadata
      container = file.container
      average = file.average
      hasOptimizer = file.hasOptimizer
    }

    /// A Python line that lets PyTorch load tensors and an `argparse.Namespace`, and nothing that could
    /// execute.
    private static func legacy(_ path: String) -> String {
      "it was written by PyTorch before 1.6, or in that format. Convert it with any PyTorch from 2.4 on: "
        + "python -c \"import argparse, sys, torch; torch.serialization.add_safe_globals([argparse.Namespace]); "
        + "torch.save(torch.load(sys.argv[1], map_location='cpu', weights_only=True), sys.argv[2])\" "
        + "\(path) converted.pth"
    }
  }

  /// The format shown by a file's first bytes.
  private enum Format {
    case zip, legacy, pickle, safetensors, unknown

    init(of bytes: UnsafeRawBufferPointer) {
      if bytes.starts(with: [0x50, 0x4b, 0x03, 0x04]) {
        self = .zip
      } else if bytes.starts(with: Self.legacyMagic) {
        self = .legacy
      } else if bytes.first == 0x80, bytes.dropFirst().first.map({ (1...5).contains($0) }) ?? false,
        bytes.last == UInt8(ascii: ".")
      {
        self = .pickle
      } else {
        self = Self.startsWithHeader(bytes) ? .safetensors : .unknown
      }
    }

    /// Whether the first eight bytes are a header's length, however damaged the rest may be.
    private static func startsWithHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
      bytes.count >= 8
        && UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)) <= SafetensorsFile.longestHeader
    }

    /// A protocol 2 pickle of the number 0x1950a86a20f9469cfc6c.
    private static let legacyMagic: [UInt8] = [
      0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e,
    ]
  }
}
