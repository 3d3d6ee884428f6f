import FoundationEssentials
import System

/// What a checkpoint's folder has to hold, to the byte; it is written last, so that a folder with one is whole.
struct Manifest: Codable, Equatable, Sendable {
  /// The name of the file that holds it.
  static let fileName = "manifest.json"
  /// The format of this description; a reader refuses any other.
  private static let currentVersion = 1

  var version = Self.currentVersion
  /// Counts the checkpoints of a store, so that their order depends neither on names nor on clocks.
  var sequence: Int
  /// Whether it was the best of its run when it was saved; none where an earlier version wrote it.
  var isBest: Bool?
  /// The run of several hosts that the store's checkpoints are of, by the name that it was begun under: disks of other hosts have those
  /// of the same run, or of another.
  var lineage: String?
  var files: [File] = []

  struct File: Codable, Equatable, Sendable {
    let name: String
    let size: Int
    /// Of all bytes in front of the tensors: the header, or a file without tensors as a whole.
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

  /// The manifest of a checkpoint's folder.
  init(in folder: String) throws(CheckpointError) {
    self = try Self(try Self.content(in: folder), in: folder)
  }

  /// What its file in a folder says.
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

  /// The content of a checkpoint's manifest.
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

  /// Bytes of a manifest, or of a state, that is read: those of a thousand layers take a hundredth.
  static let longestText = 64 << 20
  /// The highest number of a checkpoint and the most bytes of one: what JSON's readers agree on, and a petabyte.
  private static let highestSequence = 1 << 53
  private static let mostBytes = 1 << 50

  /// What no writer of a checkpoint would have put down; nil where all is as it may be.
  ///
  /// Beyond it, sums and names made of the manifest's need no second look.
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
  /// Whether the name is one in the checkpoint's own folder.
  fileprivate var hasPlainName: Bool {
    !name.isEmpty && !name.hasPrefix(".") && name.utf8.allSatisfy { $0 != UInt8(ascii: "/") && $0 != 0 }
  }
}
