import Glibc
import System
import SystemPackage

/// Images stored in a few large files, read in place and verified by checksums.
final class Shards: ImageStore {
  private let root: FilePath
  private let places: Column<ShardIndex.Place>
  private let files = OpenFiles()

  init(_ root: FilePath, _ places: Column<ShardIndex.Place>) {
    (self.root, self.places) = (root, places)
  }

  func path(of index: Int, _ name: ImageName) -> FilePath {
    root.appending(ShardIndex.file(of: places[index].shard)).appending(bytes: name.bytes)
  }

  func contents(
    of index: Int, _ name: ImageName, in memory: FileMemory
  ) throws(DataError) -> UnsafeBufferPointer<UInt8> {
    let place = places[index]
    let bytes = try read(
      place.shard, at: place.offset, count: Int(place.length), for: path(of: index, name), in: memory)
    guard bytes.count == place.length else {
      throw .changedImage(path: path(of: index, name), reason: "its shard ends before it does")
    }
    guard CRC32C(of: UnsafeRawBufferPointer(bytes)).value == place.checksum else {
      throw .changedImage(
        path: path(of: index, name), reason: "its bytes are not those that were packed (CRC-32C)")
    }
    return bytes
  }

  /// Reads `count` bytes of a shard, or as many as exist, into `memory`, valid until that is used again;
  /// `path` names the image for errors.
  func read(
    _ number: UInt32, at offset: Int, count: Int, for path: @autoclosure () -> FilePath, in memory: FileMemory
  ) throws(DataError) -> UnsafeBufferPointer<UInt8> {
    let bytes = memory.bytes.reserve(count)
    do throws(SystemError) {
      let found = try memory.retries.keepTrying { () throws(SystemError) in
        if let interrupt = memory.retries.interrupt { try interrupt(path()) }
        return try self.shard(number).file.read(into: UnsafeMutableRawBufferPointer(bytes), at: offset)
      }
      return UnsafeBufferPointer(rebasing: bytes[..<found])
    } catch {
      throw error.errno == ENOENT ? .missingShard(error.path) : .unreadable(error)
    }
  }

  /// Asks the system to read the images into its cache while others are decoded.
  func willRead(_ indices: [Int]) {
    for index in indices {
      let place = places[index]
      try? shard(place.shard).file.willRead(at: place.offset, count: Int(place.length))
    }
  }

  private func shard(_ number: UInt32) throws(SystemError) -> OpenFiles.File {
    try files.file(number, at: root.appending(ShardIndex.file(of: number)))
  }
}
