import System
import SystemPackage

extension WeightsFile {
  /// What either format offers.
  struct Source {
    let owner: AnyObject
    let tensors: [TensorView]
    let metadata: [String: String]
    var container: String?
    var average: String?
    var hasOptimizer = false

    /// Opens a file as what its first bytes say it is.
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

    /// The line lets PyTorch load tensors and an `argparse.Namespace`, and nothing that could run.
    private static func legacy(_ path: String) -> String {
      "it was written by PyTorch before 1.6, or in that format. Convert it with any PyTorch from 2.4 on: "
        + "python -c \"import argparse, sys, torch; torch.serialization.add_safe_globals([argparse.Namespace]); "
        + "torch.save(torch.load(sys.argv[1], map_location='cpu', weights_only=True), sys.argv[2])\" "
        + "\(path) converted.pth"
    }
  }

  /// What the first bytes of a file tell of it.
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

    /// Whether the first eight bytes are the length of a header, however damaged what follows may be.
    private static func startsWithHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
      bytes.count >= 8
        && UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)) <= SafetensorsFile.longestHeader
    }

    /// A pickle, of protocol 2, of the number 0x1950a86a20f9469cfc6c.
    private static let legacyMagic: [UInt8] = [
      0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e,
    ]
  }
}
