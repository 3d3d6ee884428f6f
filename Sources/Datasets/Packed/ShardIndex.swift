import Glibc
import System
import SystemPackage

/// Which images a packed split has, in the order of the folder that it was made of, and where each lies in its shards.
///
/// A text file, `index.tsv`: a line for the settings, one for each class, one for each image, and a checksum of all of
/// them. About 55 bytes of memory an image.
struct ShardIndex: Sendable {
  static let name = "index.tsv"

  /// Where an image lies.
  struct Place: Equatable, Sendable {
    var offset: Int
    var length: UInt32
    /// The CRC-32C of its bytes.
    var checksum: UInt32
    var shard: UInt32
  }

  /// What was packed, and how, as text.
  let settings: String
  private(set) var classes: [ClassName] = []
  /// Below the folder of the class.
  private(set) var names = PathList()
  /// Where each class begins among the images.
  private(set) var starts: [Int] = []
  private(set) var places: [Place] = []

  /// The name of a shard's file.
  static func file(of shard: some BinaryInteger) -> String {
    let digits = String(shard)
    return "shard-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits + ".tar"
  }

  /// Reads the index of the split in `root`; nil where there is none, for a folder that is not packed.
  init?(in root: FilePath) throws(DataError) {
    let path = root.appending(Self.name)
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try ReadRetries().keepTrying { () throws(SystemError) in
        try RegularFile.contents(of: path)
      }
    } catch {
      // What a missing folder is called is for others to say.
      guard error.errno != ENOENT, error.errno != ENOTDIR else { return nil }
      throw .unreadable(error)
    }
    try self.init(bytes, at: path)
  }

  /// What the file at `path` holds.
  init(_ bytes: [UInt8], at path: FilePath) throws(DataError) {
    guard let lines = SealedLines(bytes) else {
      throw .malformedIndex(path: path, reason: "it is cut off or changed (its checksum is another)")
    }
    settings = lines.head
    for (number, line) in lines.enumerated() {
      guard add(Fields(line)) else {
        throw .malformedIndex(path: path, reason: "line \(number + 2) is not as it should be")
      }
    }
    guard starts.count == classes.count else {
      throw .malformedIndex(path: path, reason: "a class has no images")
    }
  }

  /// False where a line is neither a class nor an image of the last class or the next.
  private mutating func add(_ line: Fields) -> Bool {
    var fields = line
    if fields.skip("#class") {
      guard places.isEmpty else { return false }
      classes.append(ClassName(text: String(decoding: fields.rest, as: UTF8.self)))
      return true
    }
    guard let shard = fields.number(), let offset = fields.number(), let length = fields.number(),
      let checksum = fields.number(radix: 16), fields.number() != nil, fields.number() != nil,
      let label = fields.number(), label < classes.count, !fields.rest.isEmpty,
      let shard = UInt32(exactly: shard), let length = UInt32(exactly: length),
      let checksum = UInt32(exactly: checksum)
    else {
      return false
    }
    if label == starts.count { starts.append(places.count) }
    guard label == starts.count - 1 else { return false }
    names.append(Self.bytes(fields.rest))
    places.append(Place(offset: offset, length: length, checksum: checksum, shard: shard))
    return true
  }
}

extension ShardIndex {
  // Most names have nothing that is written in another way.
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
