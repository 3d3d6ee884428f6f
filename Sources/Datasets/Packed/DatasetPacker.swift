import System
public import SystemPackage

/// Packs a folder of images into a few large files, which training reads like that folder.
///
/// Shards finished by an earlier call are kept, so an interrupted call can simply be repeated; a split is
/// complete once its index exists.
public struct DatasetPacker: Sendable {
  private let folder: FilePath
  private let out: FilePath
  private let packer: SplitPacker

  /// The result for one split.
  public struct Split: Equatable, Sendable {
    /// "train" or "val".
    public let name: String
    /// The number of its images.
    public let images: Int
    /// The number of its shards.
    public let shards: Int
    /// Whether it already existed.
    public let wasThere: Bool
  }

  /// Prepares packing.
  ///
  /// - Parameter recompression: How images are shrunk; nil keeps their bytes.
  public init(_ folder: FilePath, to out: FilePath, imagesPerShard: Int, recompression: Recompression?) {
    (self.folder, self.out) = (folder, out)
    packer = SplitPacker(out, imagesPerShard: imagesPerShard, recompression)
  }

  /// Packs the folder's splits on `threads` threads, which share the images of a shard; any of them calls
  /// `progress` when a shard is done.
  ///
  /// Throws the errors of `ImageFolderPair`, and for an image that cannot be used or a file that cannot be
  /// written.
  public func pack(
    threads: Int, progress: @escaping @Sendable (_ split: String, _ shard: Int, _ of: Int) -> Void
  ) throws(DataError) -> [Split] {
    try require(out, outside: folder)
    let pair: ImageFolderPair
    do throws(DataError) {
      pair = try ImageFolderPair(folder, for: .training)
    } catch .missingSplit(ImageFolderPair.splits.training, _) {
      throw .notSplit(folder: folder)
    }
    return try FolderClaim.hold(out) { () throws(DataError) in
      try [pair.training, pair.validation].filter { $0.count > 0 }.map { images throws(DataError) in
        try packer.pack(images, threads: threads, progress)
      }
    }
  }
}
