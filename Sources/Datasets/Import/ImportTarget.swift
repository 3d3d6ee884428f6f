import System
import SystemPackage

/// The destination of an import: a folder or a pack.
protocol ImportTarget {
  /// The images added so far.
  var tally: ImportTally { get }
  /// Adds an image.
  ///
  /// - Parameter contents: Reads the image; not called if its bytes exist already, or can be read later in
  ///   place.
  mutating func add(
    _ place: ImportPlace, _ part: ImagePart, _ contents: () throws(DataError) -> [UInt8]
  ) throws(DataError)
  /// Adds an image that is a file on this machine.
  mutating func link(_ place: ImportPlace, to target: FilePath) throws(DataError)
}

/// The bytes of an image, and where they can be read.
struct ImagePart {
  let size: Int
  /// The file that contains the bytes as they are, and their offset; nil for bytes that were inflated or
  /// generated.
  var place: (file: FilePath, offset: Int)?
}

/// Where an image goes.
struct ImportPlace {
  /// Whether it goes to val/ rather than train/.
  var isHeldOut: Bool
  var className: ClassName
  /// The image's path below its class.
  var name: [UInt8]

  /// The name of the split's folder.
  var split: String { Self.split(isHeldOut) }

  static func split(_ isHeldOut: Bool) -> String {
    isHeldOut ? ImageFolderPair.splits.validation : ImageFolderPair.splits.training
  }

  /// The longest file name that file systems allow, in bytes.
  static let longestName = 255

  /// Makes a name unique, or short enough, by adding a checksum of what it stands for.
  static func marked(_ name: [UInt8], by whole: [UInt8]) -> [UInt8] {
    let dot = name.lastIndex(of: UInt8(ascii: ".")) ?? name.endIndex
    let ending = Array(name[dot...].prefix(longestName / 8))
    let mark = Array("-\(String(fnv1a(whole) >> 32, digits: 8, radix: 16))".utf8)
    let stem = Array(name[..<dot].prefix(longestName - mark.count - ending.count))
    return stem + mark + ending
  }
}
