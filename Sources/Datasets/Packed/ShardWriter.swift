import Glibc
import Randomness
import System
import SystemPackage

/// Determines what goes into each shard of a split, so that any thread can prepare any image.
///
/// A shard is a tar archive in WebDataset's layout: for each image `NUMBER.jpg` or `.png`, and `NUMBER.cls`
/// with its class number. Images are in random order, so that a reader who goes through a shard from its
/// start meets all classes. A complete shard has its index lines in a file beside it until the index is
/// written.
struct ShardWriter: Sendable {
  let images: ImageFolder
  let out: FilePath
  let imagesPerShard: Int
  let recompression: Recompression?
  private let order: [Int]

  init(_ images: ImageFolder, to out: FilePath, imagesPerShard: Int, _ recompression: Recompression?) {
    (self.images, self.out) = (images, out)
    (self.imagesPerShard, self.recompression) = (imagesPerShard, recompression)
    var generator = KeyedGenerator(seed: 0, stream: .order, epoch: 0)
    order = generator.permutation(of: images.count)
  }

  /// The number of shards.
  var count: Int { (images.count + imagesPerShard - 1) / imagesPerShard }

  /// The number of images in a shard.
  func images(in shard: Int) -> Int { min(imagesPerShard, images.count - shard * imagesPerShard) }

  /// The content and settings as text; shards with other settings are not reused.
  var settings: String {
    let how = recompression.map { "max-side=\($0.longestSide) quality=\($0.quality)" } ?? "as-they-are"
    return
      "images=\(images.count) folder=\(String(images.digest, radix: 16)) per-shard=\(imagesPerShard) \(how)"
  }

  /// Whether the shard was written completely, by any process.
  func isWritten(_ shard: Int) -> Bool { (try? lines(of: shard)) != nil }

  /// The index lines of a complete shard, each with its image's number.
  func lines(of shard: Int) throws(DataError) -> [(index: Int, line: String)] {
    let path = notes(of: shard)
    var status = stat()
    guard let bytes = try? RegularFile.contents(of: path), let lines = SealedLines(bytes),
      tar(of: shard).withPlatformString({ stat($0, &status) }) == 0,
      lines.head == head(bytes: Int(status.st_size))
    else {
      throw .malformedIndex(path: path, reason: "it does not belong to its shard")
    }
    return lines.compactMap { line in
      var fields = Fields(line)
      return fields.number().map { ($0, String(decoding: fields.rest, as: UTF8.self)) }
    }
  }

  /// Removes the file with a shard's index lines.
  func removeNotes(of shard: Int) {
    notes(of: shard).withPlatformString { _ = unlink($0) }
  }

  /// Reads the image at a position of a shard, and shrinks it if asked for; throws if it cannot be used.
  func sample(
    _ position: Int, of shard: Int, _ memory: FileMemory, _ decoder: ImageDecoder
  ) throws(DataError) -> PackedSample {
    let index = order[shard * imagesPerShard + position]
    let entry = images[index]
    let image = try EncodedImage(
      images.contents(of: index, in: memory), path: entry.path, memory.decoders)
    let smaller = try recompression?.recompressed(image, with: decoder)
    return PackedSample(
      index: index, label: entry.label, name: images.name(of: index),
      bytes: smaller?.bytes ?? Array(image.bytes),
      ending: (smaller == nil ? image.format : .jpeg).ending, width: smaller?.width ?? image.width,
      height: smaller?.height ?? image.height)
  }

  /// Starts a shard.
  func begin(_ shard: Int) throws(DataError) -> ShardFile {
    try ShardFile(shard, at: tar(of: shard), notes: notes(of: shard), head: head)
  }

  private func head(bytes: Int) -> String { "\(settings) bytes=\(bytes)" }

  private func tar(of shard: Int) -> FilePath { out.appending(ShardIndex.file(of: shard)) }

  private func notes(of shard: Int) -> FilePath { out.appending(ShardIndex.file(of: shard) + ".tsv") }
}
