import System
import SystemPackage

/// Descriptions of errors with single images.
extension DataError {
  var imageDescription: String {
    switch self {
    case .unreadable(let error) where error.isTransient:
      """
      cannot read \(error.path.masked) just now: \(error.reason), after several attempts. The storage or the system is \
      in trouble, and not the data set; another start may go well. Look at it: ls -la \(error.path.quoted)
      """
    case .unreadable(let error):
      "cannot read \(error.path.masked): \(error.reason). Look at it: ls -la \(error.path.quoted)"
    case .notAnImage(let path):
      """
      \(path.masked) is not an image: its first bytes are those of no known format, whatever its name says. Remove or \
      replace it. See what it is: file \(path.quoted)
      """
    case .standIn(let standIn, let path): "\(path.masked) is not an image: \(standIn.description(at: path))"
    case .unsupportedFormat(let format, let path):
      """
      \(path.masked) is an image in \(format), and only JPEG, PNG, WebP, GIF, TIFF, BMP and PNM are decoded. Convert it: \
      convert \(path.quoted) \(path.quoted).png && rm \(path.quoted)
      """
    case .unreadKind(let path, let reason):
      """
      \(path.masked) cannot be decoded: \(masked(reason)). It may be whole, and of a kind that few programs write. Convert it: \
      convert \(path.quoted) \(path.quoted).png && rm \(path.quoted)
      """
    case .damagedImage(let path, let reason):
      """
      \(path.masked) is damaged: \(masked(reason)). \(Self.mending(path))\(Self.scanOfAll(around: path))
      """
    case .danglingLink(let path):
      """
      \(path.masked) is a link that leads to nothing: what it was made for has been moved or removed, or its disk is not mounted. \
      Bring that back, or remove the link. See where it leads: readlink \(path.quoted)\(Self.linksOfAll(around: path))
      """
    case .imageTooLarge(let path, let width, let height):
      """
      \(path.masked) claims \(width)x\(height) pixels, and the limit is \(EncodedImage.maximumPixels) \
      (a small file can ask for any amount of memory). Shrink it or remove it
      """
    case .imageTooCostly(let path, let bytes):
      """
      \(path.masked) would take \(bytes >> 20) MiB to decode, and the limit is \(EncodedImage.maximumBytes >> 20) (a \
      progressive JPEG, an interlaced PNG, a WebP and each strip or tile of a TIFF are held whole). Shrink it, save it without that, or remove it
      """
    default: ""
    }
  }

  // An image in a shard has no file of its own to repair.
  private static func mending(_ image: FilePath) -> String {
    ShardIndex.shard(of: image) == nil
      ? "Likely an interrupted download or copy; fetch it again or remove it"
      : "It was packed so: fetch it again or remove it in the folder that was packed, and pack that anew"
  }

  // The command that finds all such files, if the path tells the data set.
  static func scanOfAll(around image: FilePath) -> String {
    dataSet(of: image).map {
      ". All such files of the data set: twins-worker dataset scan \($0) --decode"
    } ?? ""
  }

  private static func linksOfAll(around image: FilePath) -> String {
    dataSet(of: image).map { ". All such links of the data set: find \($0)/ -xtype l" } ?? ""
  }

  /// The data set's folder in an image's path, quoted for a shell.
  private static func dataSet(of image: FilePath) -> String? {
    let splits = [ImageFolderPair.splits.training, ImageFolderPair.splits.validation]
    var place = image
    while let name = place.lastComponent?.string {
      place = place.removingLastComponent()
      if splits.contains(name) { return place.isEmpty ? "." : place.quoted }
    }
    return nil
  }
}
