import FoundationEssentials
import System

/// The exact content of a checkpoint's folder; it is written last, so a folder with a manifest is complete.
struct Manifest: Codable, Equatable, Sendable {
  /// The manifest's file name.
  static let fileName = "manifest.json"
  /// The format version; a reader refuses any other.
  private static let currentVersion = 1

  var version = Self.currentVersion
  /// The number of the checkpoint in its store, by which checkpoints are ordered independently of names and
  /// clocks.
  var sequence: Int
  /// Whether it was the best of its run when it was saved; nil in manifests of earlier versions.
  var isBest: Bool?
  /// The name under which the run on several hosts began; it tells whether other hosts' disks hold
  /// checkpoints of the same run.
  var lineage: String?
  var files: [File] = []

  struct File: Codable, Equatable, Sendable {
    let name: String
    let size: Int
    /// Of the bytes before the tensors: the header, or the whole of a file without tensors.
    let checksum: Checksum
    /// In the order of the file.
    var tensors: [Tensor] = []
  }

  struct Tensor: Codable, Equatable, Sendable {
    let name: String
    let checksum: Checksum
  }

  /// A CRC-32C, written as eight hexadecimal digits.
  struct Checksum: Equatable, Sendable {
    let value: UInt32

    init(of bytes: UnsafeRawBufferPointer) {
      value = CRC32C(of: bytes).value
    }
  }

  /// Reads the manifest of a checkpoint's folder.
  init(in folder: String) throws(CheckpointError) {
    self = try Self(try Self.content(in: folder), in: folder)
  }

  /// Parses the content of a folder's manifest file.
  init(_ content: Data, in folder: String) throws(CheckpointError) {
    do {
      self = try JSONDecoder().decode(Self.self, from: content)
    } catch {
      throw .incomplete(folder: folder, reason: "its \(Self.fileName) is damaged")
    }
    guard version == Self.currentVersion else {
      throw .incomplete(folder: folder, reason: "its format \(version) is not one that this program reads")
    }
    if let fault { throw .incomplete(folder: folder, reason: "its \(Self.fileName) is damaged: \(fault)") }
  }

  init(sequence: Int, isBest: Bool) {
    self.sequence = sequence
    self.isBest = isBest
  }

  /// Reads the content of a checkpoint's manifest file.
  static func content(in folder: String) throws(CheckpointError) -> Data {
    do throws(CheckpointError) {
      let file = try MappedFile(path: "\(folder)/\(fileName)", atMost: longestText)
      return withExtendedLifetime(file) { Data(file.bytes) }
    } catch .badFile(_, let reason) {
      throw .incomplete(folder: folder, reason: "its \(fileName) is damaged: \(reason)")
    } catch {
      throw .incomplete(folder: folder, reason: "it has no \(fileName); the writer did not finish")
    }
  }

  /// The most bytes of a manifest or a state that is read; a thousand layers take a hundredth of this.
  static let longestText = 64 << 20
  /// The limits of a checkpoint's number and size: the largest integer that JSON readers agree on, and a
  /// petabyte.
  private static let highestSequence = 1 << 53
  private static let mostBytes = 1 << 50

  /// What is wrong with the manifest that no writer would produce; nil where nothing is.
  ///
  /// After this check, sums and paths made from the manifest's values need no further checks.
  var fault: String? {
    guard (0..<Self.highestSequence).contains(sequence) else {
      return "its number \(sequence) is none of a save"
    }
    var rest = Self.mostBytes
    for file in files {
      guard file.hasPlainName else { return "'\(file.name.printable)' names no file of it" }
      guard (0...rest).contains(file.size) else {
        return "its files would have more than a petabyte, or less than nothing"
      }
      rest -= file.size
    }
    return nil
  }
}

extension Manifest.Checksum: Codable {
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let value = UInt32(try container.decode(String.self), radix: 16) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a checksum")
    }
    self.value = value
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(String(value, digits: 8, radix: 16))
  }
}

extension Manifest.File {
  /// Whether the name lies directly in the checkpoint's folder.
  fileprivate var hasPlainName: Bool {
    !name.isEmpty && !name.hasPrefix(".") && name.utf8.allSatisfy { $0 != UInt8(ascii: "/") && $0 != 0 }
  }
}
