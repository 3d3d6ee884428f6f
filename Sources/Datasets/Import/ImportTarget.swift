import System
import SystemPackage

/// What an import fills: a folder, or a pack.
protocol ImportTarget {
  /// What came to it.
  var tally: ImportTally { get }
  /// Adds an image.
  ///
  /// - Parameter contents: Reads it; not called where its bytes are there, or can be read later where they lie.
  mutating func add(
    _ place: ImportPlace, _ part: ImagePart, _ contents: () throws(DataError) -> [UInt8]
  ) throws(DataError)
  /// Adds an image that is a file of this machine.
  mutating func link(_ place: ImportPlace, to target: FilePath) throws(DataError)
}

/// The bytes of an image, and where they lie as they are.
struct ImagePart {
  let size: Int
  /// The file that has them, and from where on; nil for what is inflated, or made.
  var place: (file: FilePath, offset: Int)?
}

/// Where an image belongs.
struct ImportPlace {
  /// Whether in val/, and not in train/.
  var isHeldOut: Bool
  var className: ClassName
  /// Its path below its class.
  var name: [UInt8]

  /// The name of its split's folder.
  var split: String { Self.split(isHeldOut) }

  static func split(_ isHeldOut: Bool) -> String {
    isHeldOut ? ImageFolderPair.splits.validation : ImageFolderPair.splits.training
  }

  /// So much file systems take.
  static let longestName = 255

  /// A name that others may have too, or that is too long, told apart by a checksum of what it stands for.
  static func marked(_ name: [UInt8], by whole: [UInt8]) -> [UInt8] {
    let dot = name.lastIndex(of: UInt8(ascii: ".")) ?? name.endIndex
    let ending = Array(name[dot...].prefix(longestName / 8))
    let mark = Array("-\(String(fnv1a(whole) >> 32, digits: 8, radix: 16))".utf8)
    let stem = Array(name[..<dot].prefix(longestName - mark.count - ending.count))
    return stem + mark + ending
  }
}
