import System
import SystemPackage

/// Packs splits into the folders of their names in one folder, shard by shard on several threads.
struct SplitPacker: Sendable {
  private let out: FilePath
  private let imagesPerShard: Int
  private let recompression: Recompression?

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
  init(_ out: FilePath, imagesPerShard: Int, _ recompression: Recompression?) {
    precondition(imagesPerShard > 0, "a shard holds at least one image")
    (self.out, self.imagesPerShard, self.recompression) = (out, imagesPerShard, recompression)
  }

  /// Packs a split that is not packed yet, of which shards may be there.
  func pack(
    _ images: ImageFolder, threads: Int,
    _ progress: @escaping @Sendable (_ split: String, _ shard: Int, _ of: Int) -> Void
  ) throws(DataError) -> DatasetPacker.Split {
    let name = images.root.lastComponent?.string ?? ""
    let writer = ShardWriter(
      images, to: out.appending(name), imagesPerShard: imagesPerShard, recompression)
    let wasThere = try isThere(writer)
    if !wasThere { try write(writer, threads: threads) { progress(name, $0, writer.count) } }
    // Also those that a call left which was killed between the index and this.
    for shard in 0..<writer.count { writer.removeNotes(of: shard) }
    return DatasetPacker.Split(name: name, images: images.count, shards: writer.count, wasThere: wasThere)
  }

  private func isThere(_ writer: ShardWriter) throws(DataError) -> Bool {
    guard let index = try ShardIndex(in: writer.out) else {
      try FolderLayout.require(writer.out, for: true)
      return false
    }
    guard index.settings == writer.settings else { throw .otherPack(folder: writer.out) }
    return true
  }

  private func write(
    _ writer: ShardWriter, threads: Int, _ progress: @escaping @Sendable (Int) -> Void
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
  }
}
