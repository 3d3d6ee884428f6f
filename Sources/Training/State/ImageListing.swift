public import Datasets
import System

/// What the listing of a folder of images comes to: whether it is the same one later, or on another host.
public struct ImageListing: Codable, Equatable, Sendable, CustomStringConvertible {
  /// How many images there are.
  public var count: Int
  /// And of how many classes.
  public var classes: Int
  /// Of the images' names, wherever the folder lies and whatever is in the files.
  public var digest: UInt32

  /// One that is known.
  public init(count: Int, classes: Int, digest: UInt32) {
    (self.count, self.classes, self.digest) = (count, classes, digest)
  }

  /// That of a folder.
  public init(_ folder: ImageFolder) {
    self.init(count: folder.count, classes: folder.classes.count, digest: folder.digest)
  }

  /// In words.
  public var description: String {
    "\(counted(count, "image")) in \(counted(classes, "class", "classes")) (digest \(String(digest, radix: 16)))"
  }
}

/// The images of a run.
public struct RunImages: Codable, Equatable, Sendable {
  /// Those that it learns from.
  public var training: ImageListing
  /// Those that it is judged by; none where it is not.
  public var validation: ImageListing

  /// Those with these listings.
  public init(training: ImageListing, validation: ImageListing) {
    (self.training, self.validation) = (training, validation)
  }

  /// Those of a data set.
  public init(_ data: ImageFolderPair) {
    self.init(training: ImageListing(data.training), validation: ImageListing(data.validation))
  }
}
