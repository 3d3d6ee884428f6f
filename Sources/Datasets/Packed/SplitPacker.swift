import Glibc
import System
import SystemPackage

/// Packs splits into folders of the same names, on several threads, which share the images of a shard.
struct SplitPacker: Sendable {
  private let out: FilePath
  private let imagesPerShard: Int
  private let recompression: Recompression?

  /// Prepares packing.
  ///
  /// - Parameter recompression: How images are shrunk; nil keeps their bytes.
  init(_ out: FilePath, imagesPerShard: Int, _ recompression: Recompression?) {
    precondition(imagesPerShard > 0, "a shard holds at least one image")
    (self.out, self.imagesPerShard, self.recompression) = (out, imagesPerShard, recompression)
  }

  /// Packs a split, reusing complete shards.
  func pack(
    _ images: ImageFolder, threads: Int,
    _ progress: @escaping @Sendable (_ split: String, _ shard: Int, _ of: Int) -> Void
  ) throws(DataError) -> DatasetPacker.Split {
    let name = images.root.lastComponent?.string ?? ""
    let writer = ShardWriter(
      images, to: out.appending(name), imagesPerShard: imagesPerShard, recompression)
    let wasThere = try isThere(writer)
    if !wasThere { try write(writer, threads: threads) { progress(name, $0, writer.count) } }
    // Also removes those left by a call that was killed after it wrote the index.
    for shard in 0..<writer.count { writer.removeNotes(of: shard) }
    return DatasetPacker.Split(name: name, images: images.count, shards: writer.count, wasThere: wasThere)
  }

  /// Whether the split is packed, with all of its shards at their full length.
  private func isThere(_ writer: ShardWriter) throws(DataError) -> Bool {
    guard let index = try ShardIndex(in: writer.out) else {
      try FolderLayout.require(writer.out, for: true)
      return false
    }
    guard index.settings == writer.settings else { throw .otherPack(folder: writer.out) }
    guard let places = index.split.places, !ShardTable(writer.out, places).presence.isWhole else {
      return true
    }
    // Without its index the pack counts as unfinished until all shards exist again.
    let path = writer.out.appending(ShardIndex.name)
    guard path.withPlatformString({ unlink($0) }) == 0 else { throw .unwritable(SystemError("remove", path)) }
    return false
  }

  private func write(
    _ writer: ShardWriter, threads: Int, _ progress: @escaping @Sendable (Int) -> Void
  ) throws(DataError) {
    guard Folders.make(writer.out) else {
      throw .unwritable(SystemError("write", writer.out))
    }
    let left = (0..<writer.count).filter { shard in
      guard writer.isWritten(shard) else { return true }
      progress(shard)
      return false
    }
    let threads = max(1, min(threads, writer.images.count))
    let queue = Monitor(
      PackQueue(left, count: { writer.images(in: $0) }, most: Self.imagesPerThread * threads))
    let workers = (0..<threads).map { _ in
      OwnedThread.started("pack") { Self.work(writer, queue, progress) }
    }
    for worker in workers { worker.join() }
    if let failure = queue.withLock(\.failure) { throw failure }
    try Self.finish(writer)
  }

  /// Images in memory per thread, waiting for those before them or for the disk.
  private static let imagesPerThread = 4

  // Prepares images until all are taken or something has failed.
  private static func work(
    _ writer: ShardWriter, _ queue: Monitor<PackQueue>, _ progress: (Int) -> Void
  ) {
    let (memory, decoder) = (FileMemory(), ImageDecoder())
    while case .prepare(let place) = queue.wait(for: { $0.next() }) {
      do throws(DataError) {
        let sample = try writer.sample(place.position, of: place.shard, memory, decoder)
        queue.update { queue in
          queue.add(sample, at: place)
          return false
        }
        try write(place.shard, writer, queue, progress)
      } catch {
        queue.withLock { $0.fail(error) }
      }
    }
  }

  // Writes a shard's ready images until there are none.
  private static func write(
    _ shard: Int, _ writer: ShardWriter, _ queue: Monitor<PackQueue>, _ progress: (Int) -> Void
  ) throws(DataError) {
    while let run = queue.withLock({ $0.run(of: shard) }) {
      let file: ShardFile
      if let begun = run.file { file = begun } else { file = try writer.begin(shard) }
      for sample in run.samples { try file.append(sample) }
      queue.withLock { $0.release(run.samples.count) }
      if run.isLast {
        try file.finish()
        progress(shard)
      }
      queue.withLock { $0.finish(shard, run.isLast ? nil : file) }
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
