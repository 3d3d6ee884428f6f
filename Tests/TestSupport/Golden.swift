import Checkpoint
public import Foundation

/// A file of values that PyTorch computed, written by a script under `scripts/goldens`.
public struct Golden {
  private let file: SafetensorsFile

  /// The golden file of that name among a test bundle's resources.
  public init(_ name: String, in bundle: Bundle) throws {
    let url = try Self.url(name + ".safetensors", in: bundle)
    file = try SafetensorsFile(path: url.path)
  }

  /// Where a golden file is.
  public static func url(_ name: String, in bundle: Bundle) throws -> URL {
    guard let folder = bundle.resourceURL else { throw CocoaError(.fileNoSuchFile) }
    return folder.appendingPathComponent("Goldens/" + name)
  }

  /// The keys in the file.
  public var names: [String] { file.names }

  /// The float32 values under a key.
  public func floats(_ name: String) throws -> [Float] {
    Array(try file.tensor(named: name).bytes.bindMemory(to: Float.self))
  }

  /// The single float32 value under a key.
  public func float(_ name: String) throws -> Float { try floats(name)[0] }
}

/// The largest difference over the largest golden magnitude.
public func relativeError(_ found: [Float], _ golden: [Float]) -> Float {
  let scale = golden.map(abs).max() ?? 0
  let difference = zip(found, golden).map { abs($0 - $1) }.max() ?? 0
  return found.count == golden.count ? difference / scale : .infinity
}
