import System
import SystemPackage

/// Where the bytes of a split's images lie: in files of their own, or in shards.
protocol ImageStore: Sendable {
  /// Where an image is; `name` is its path below the split's folder.
  func path(of index: Int, name: [UInt8]) -> FilePath
  /// The encoded bytes of an image, which messages call by its path.
  func contents(
    of index: Int, at path: FilePath, in memory: FileMemory
  ) throws(DataError) -> UnsafeBufferPointer<UInt8>
  /// Has the system begin to fetch images.
  func willRead(_ indices: [Int])
}

/// A file for each image, below one folder.
struct FilesBelow: ImageStore {
  let root: FilePath

  func path(of index: Int, name: [UInt8]) -> FilePath { root.appending(bytes: name) }

  func contents(
    of index: Int, at path: FilePath, in memory: FileMemory
  ) throws(DataError) -> UnsafeBufferPointer<UInt8> {
    try memory.contents(of: path)
  }

  func willRead(_ indices: [Int]) {}
}
