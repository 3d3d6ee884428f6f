import Glibc
import System
import SystemPackage

/// A shard being written, by one thread at a time.
final class ShardFile {
  private let shard: Int
  private let path: FilePath
  private let file: NewFile
  private let notes: FilePath
  private let head: (_ bytes: Int) -> String
  private var size = 0
  private var lines: [String] = []

  init(
    _ shard: Int, at path: FilePath, notes: FilePath, head: @escaping (_ bytes: Int) -> String
  ) throws(DataError) {
    (self.shard, self.path, self.notes, self.head) = (shard, path, notes, head)
    file = try NewFile(path)
  }

  /// Writes an image and its class.
  func append(_ sample: PackedSample) throws(DataError) {
    let place = ShardIndex.Place(
      shard: UInt32(shard), block: UInt32(size / TarMember.block + 1), length: UInt32(sample.bytes.count),
      checksum: sample.checksum)
    let frame = SampleFrame(number: sample.index, label: sample.label)
    let part =
      frame.header(ending: sample.ending, count: sample.bytes.count) + sample.bytes
      + frame.rest(after: sample.bytes.count)
    try file.write(part)
    size += part.count
    let line = ShardIndex.line(
      place, width: sample.width, height: sample.height, label: sample.label, name: sample.name)
    lines.append("\(sample.index)\t\(line)")
  }

  /// Gives the shard its name, and writes its index lines beside it.
  func finish() throws(DataError) {
    try file.write(TarMember.end)
    try file.finish()
    do throws(DataError) {
      try SealedLines.write(head: head(size + TarMember.end.count), lines, to: notes)
    } catch {
      // Without these lines the next call would write the shard again.
      path.withPlatformString { _ = unlink($0) }
      throw error
    }
  }
}
