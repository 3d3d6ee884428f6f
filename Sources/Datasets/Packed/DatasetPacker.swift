import System
public import SystemPackage

/// Packs a folder of images into a few large files, which training takes like that folder.
///
/// Shards that an earlier call finished are kept, so that a call which was interrupted is simply made again; a split is there
/// once its index is.
public struct DatasetPacker: Sendable {
  private let folder: FilePath
  private let out: FilePath
  private let imagesPerShard: Int
  private let recompression: Recompression?

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

  private struct Shared {
    var next = 0
    var failure: DataError?

    /// The next of `count` shards, until one has failed.
    mutating func take(of count: Int) -> Int? {
      guard failure == nil, next < count else { return nil }
      defer { next += 1 }
      return next
    }
  }

  /// - Parameter recompression: How images are made smaller; nil keeps every byte of them.
  public init(_ folder: FilePath, to out: FilePath, imagesPerShard: Int, recompression: Recompression?) {
    precondition(imagesPerShard > 0, "a shard holds at least one image")
    (self.folder, self.out) = (folder, out)
    (self.imagesPerShard, self.recompression) = (imagesPerShard, recompression)
  }

  /// Packs the splits that the folder has, on `threads` threads; `progress` is told of shards as they are done, by any of them.
  ///
  /// Throws what `ImageFolderPair` throws, for an image that cannot be used, and where something cannot be written.
  public func pack(
    threads: Int, progress: @escaping @Sendable (_ split: String, _ shard: Int, _ of: Int) -> Void
  ) throws(DataError) -> [Split] {
    try require(out, outside: folder)
    let pair = try ImageFolderPair(folder, for: .training)
    let splits = [pair.training, pair.validation].filter { $0.count > 0 }
    return try FolderClaim.hold(out) { () throws(DataError) in
      try splits.map { images throws(DataError) in
        let name = images.root.lastComponent?.string ?? ""
        let writer = ShardWriter(
          images, to: out.appending(name), imagesPerShard: imagesPerShard, recompression)
        let wasThere = try isThere(writer)
        if !wasThere { try pack(writer, threads: threads) { progress(name, $0, writer.count) } }
        return Split(name: name, images: images.count, shards: writer.count, wasThere: wasThere)
      }
    }
  }

  private func isThere(_ writer: ShardWriter) throws(DataError) -> Bool {
    guard let index = try ShardIndex(in: writer.out) else {
      try FolderLayout.require(writer.out, for: true)
      return false
    }
    guard index.settings == writer.settings else { throw .otherPack(folder: writer.out) }
    return true
  }

  private func pack(
    _ writer: ShardWriter, threads: Int, progress: @escaping @Sendable (Int) -> Void
  ) throws(DataError) {
    guard Folders.make(writer.out) else {
      throw .unwritable(SystemError("write", writer.out))
    }
    let shared = Monitor(Shared())
    let workers = (0..<max(1, min(threads, writer.count))).map { _ in
      OwnedThread.started("pack") { Self.work(writer, shared, progress) }
    }
    for worker in workers { worker.join() }
    if let failure = shared.withLock(\.failure) { throw failure }
    try Self.finish(writer)
  }

  // Until all shards are taken or one has failed.
  private static func work(_ writer: ShardWriter, _ shared: Monitor<Shared>, _ progress: (Int) -> Void) {
    let (memory, decoder) = (FileMemory(), ImageDecoder())
    while let shard = shared.withLock({ $0.take(of: writer.count) }) {
      do throws(DataError) {
        if !writer.isWritten(shard) { try writer.write(shard, memory, decoder) }
        progress(shard)
      } catch {
        shared.withLock { $0.failure = $0.failure ?? error }
      }
    }
  }

  private static func finish(_ writer: ShardWriter) throws(DataError) {
    var lines = [String](repeating: "", count: writer.images.count)
    for shard in 0..<writer.count {
      for (index, line) in try writer.lines(of: shard) where lines.indices.contains(index) {
        lines[index] = line
      }
    }
    let path = writer.out.appending(ShardIndex.name)
    try SealedLines.write(head: writer.settings, writer.images.classes.map(ShardIndex.line) + lines, to: path)
    for shard in 0..<writer.count { writer.removeNotes(of: shard) }
  }
}
