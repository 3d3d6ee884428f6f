import System
public import SystemPackage

/// Packs a folder of images into a few large files, which training takes like that folder.
///
/// Shards that an earlier call finished are kept, so that a call which was interrupted is simply made again; a split is there
/// once its index is.
public struct DatasetPacker: Sendable {
  private let folder: FilePath
  private let out: FilePath
  private let packer: SplitPacker

  /// What became of a split.
  public struct Split: Equatable, Sendable {
    /// "train" or "val".
    public let name: String
    /// Its images.
    public let images: Int
    /// Its files.
    public let shards: Int
    /// Whether it was there before.
    public let wasThere: Bool
  }

  /// - Parameter recompression: How images are made smaller; nil keeps every byte of them.
  public init(_ folder: FilePath, to out: FilePath, imagesPerShard: Int, recompression: Recompression?) {
    (self.folder, self.out) = (folder, out)
    packer = SplitPacker(out, imagesPerShard: imagesPerShard, recompression)
  }

  /// Packs the splits that the folder has, on `threads` threads, which share the images of a shard; `progress` is told of shards as they are
  /// done, by any of them.
  ///
  /// Throws what `ImageFolderPair` throws, for an image that cannot be used, and where something cannot be written.
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
