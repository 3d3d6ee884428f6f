public import Datasets
import System

/// A summary of a folder's listing, to tell whether it is the same later or on another host.
public struct ImageListing: Codable, Equatable, Sendable, CustomStringConvertible {
  /// The number of images.
  public var count: Int
  /// The number of classes.
  public var classes: Int
  /// A digest of the images' names; it depends neither on where the folder lies nor on the files' contents.
  public var digest: UInt32

  /// Makes a listing from its values.
  public init(count: Int, classes: Int, digest: UInt32) {
    (self.count, self.classes, self.digest) = (count, classes, digest)
  }

  /// Summarises a folder.
  public init(_ folder: ImageFolder) {
    self.init(count: folder.count, classes: folder.classes.count, digest: folder.digest)
  }

  /// The listing in words.
  public var description: String {
    "\(counted(count, "image")) in \(counted(classes, "class", "classes")) (digest \(String(digest, radix: 16)))"
  }
}

/// The images that a run uses.
public struct RunImages: Codable, Equatable, Sendable {
  /// The images that the run learns from.
  public var training: ImageListing
  /// The images that the run is validated on; empty where it is not.
  public var validation: ImageListing

  /// Makes the value from two listings.
  public init(training: ImageListing, validation: ImageListing) {
    (self.training, self.validation) = (training, validation)
  }

  /// Summarises a data set.
  public init(_ data: ImageFolderPair) {
    self.init(training: ImageListing(data.training), validation: ImageListing(data.validation))
  }
}
