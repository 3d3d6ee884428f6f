import Glibc
import System
import SystemPackage

/// A packed split's images, in the order of the folder that it was made from, and where each lies in its
/// shards.
///
/// It is a text file, `index.tsv`: a line for the settings, one for each class, one for each image, and a
/// checksum of all of them.
struct ShardIndex: Sendable {
  static let name = "index.tsv"

  /// Far more than the largest data set takes; the file is read as a whole.
  static let mostBytes = 1 << 32

  /// Where an image lies.
  struct Place: Equatable, BitwiseCopyable, Sendable {
    var shard: UInt32
    /// The archive block at which the image begins.
    var block: UInt32
    var length: UInt32
    /// The CRC-32C of the image's bytes.
    var checksum: UInt32

    /// Bytes from the start of the shard.
    var offset: Int { Int(block) * TarMember.block }
  }

  /// What was packed and with which settings, as text.
  let settings: String
  /// The images.
  let split: SplitIndex

  /// The name of a shard's file.
  static func file(of shard: some BinaryInteger) -> String { "shard-\(String(shard, digits: 6)).tar" }

  /// The shard that contains an image's path; nil for an image with a file of its own.
  static func shard(of image: FilePath) -> FilePath? {
    var place = image
    repeat {
      if let name = place.lastComponent, isShard(FilePath(root: nil, [name]).bytes) { return place }
    } while place.removeLastComponent()
    return nil
  }

  /// Whether a file is named as a shard.
  static func isShard(_ name: [UInt8]) -> Bool {
    name.starts(with: "shard-".utf8) && ImageFolder.ending(of: name) == Array("tar".utf8)
  }

  /// Whether the folder of a split has an index.
  static func isThere(in root: FilePath) -> Bool {
    root.appending(name).withPlatformString { access($0, F_OK) == 0 }
  }

  /// Reads the index of the split in `root`; nil if the folder is not packed.
  init?(in root: FilePath) throws(DataError) {
    let path = root.appending(Self.name)
    let stamp = Stamp(path)
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try ReadRetries().keepTrying { () throws(SystemError) in
        try RegularFile.contents(of: path, atMost: Self.mostBytes)
      }
    } catch {
      // The caller reports a missing folder in its own words.
      guard error.errno != ENOENT, error.errno != ENOTDIR else { return nil }
      guard error.errno != EFBIG else {
        throw .malformedIndex(path: path, reason: "it has more than \(Self.mostBytes) bytes")
      }
      throw .unreadable(error)
    }
    try self.init(bytes, at: path, stamp)
  }

  /// Parses the content of the file at `path`.
  init(_ bytes: [UInt8], at path: FilePath, _ stamp: Stamp) throws(DataError) {
    guard let lines = SealedLines(bytes) else {
      throw .malformedIndex(path: path, reason: "it is cut off or changed (its checksum is another)")
    }
    var builder = SplitIndexBuilder()
    builder.note(Self.name.utf8, stamp)
    for (number, line) in lines.enumerated() {
      guard Self.add(Fields(line), to: &builder) else {
        throw .malformedIndex(path: path, reason: "line \(number + 2) is not as it should be")
      }
    }
    guard builder.begun == builder.classes.count else {
      throw .malformedIndex(path: path, reason: "a class has no images")
    }
    (settings, split) = (lines.head, builder.finish(isPacked: true))
    // Tables of shards are as long as the highest number, so that must stay below the number of images.
    guard split.places?.allSatisfy({ Int($0.shard) < split.names.count }) ?? true else {
      throw .malformedIndex(path: path, reason: "it has a shard with a number beyond those of its images")
    }
  }

  /// Adds a line; false unless it is a class, or an image of the last class or the next.
  private static func add(_ line: Fields, to split: inout SplitIndexBuilder) -> Bool {
    var fields = line
    if fields.skip("#class") {
      guard split.count == 0 else { return false }
      split.name(ClassName(text: String(decoding: fields.rest, as: UTF8.self)))
      return true
    }
    guard let shard = fields.number(), let offset = fields.number(), let length = fields.number(),
      let checksum = fields.number(radix: 16), fields.number() != nil, fields.number() != nil,
      let label = fields.number(), label < split.classes.count, !fields.rest.isEmpty,
      offset.isMultiple(of: TarMember.block), let shard = UInt32(exactly: shard),
      let block = UInt32(exactly: offset / TarMember.block), let length = UInt32(exactly: length),
      let checksum = UInt32(exactly: checksum)
    else {
      return false
    }
    if label == split.begun { split.beginClass() }
    guard label == split.begun - 1 else { return false }
    split.add(bytes(fields.rest), at: Place(shard: shard, block: block, length: length, checksum: checksum))
    return true
  }
}

extension ShardIndex {
  // Most names contain no escapes.
  private static func bytes(_ text: ArraySlice<UInt8>) -> [UInt8] {
    text.contains(UInt8(ascii: "\\"))
      ? ClassName(text: String(decoding: text, as: UTF8.self)).bytes : Array(text)
  }

  /// The line of an image.
  static func line(_ place: Place, width: Int, height: Int, label: Int, name: some Sequence<UInt8>) -> String
  {
    "\(place.shard)\t\(place.offset)\t\(place.length)\t\(String(place.checksum, radix: 16))\t\(width)\t\(height)"
      + "\t\(label)\t\(ClassName(bytes: Array(name)).text)"
  }

  /// The line of a class.
  static func line(_ name: ClassName) -> String { "#class\t\(name.text)" }
}
