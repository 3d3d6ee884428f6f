import System
import SystemPackage

/// Provides the bytes of a split's images, from files of their own or from shards.
protocol ImageStore: Sendable {
  /// The path of an image.
  func path(of index: Int, _ name: ImageName) -> FilePath
  /// The encoded bytes of an image.
  func contents(
    of index: Int, _ name: ImageName, in memory: FileMemory
  ) throws(DataError) -> UnsafeBufferPointer<UInt8>
  /// Asks the system to prefetch images.
  func willRead(_ indices: [Int])
}

/// An image's path below its split's folder.
struct ImageName {
  let folder: ClassName
  let names: PathList
  let index: Int

  var bytes: [UInt8] { folder.bytes + [UInt8(ascii: "/")] + names[index] }
}

/// One file per image below a folder.
struct FilesBelow: ImageStore {
  let root: FilePath

  func path(of index: Int, _ name: ImageName) -> FilePath { root.appending(bytes: name.bytes) }

  func contents(
    of index: Int, _ name: ImageName, in memory: FileMemory
  ) throws(DataError) -> UnsafeBufferPointer<UInt8> {
    memory.name.spell(root)
    name.folder.bytes.withUnsafeBytes { memory.name.add($0) }
    name.names.withBytes(of: name.index) { memory.name.add($0) }
    return try memory.bytes.contents(of: memory.name, memory.retries) { path(of: index, name) }
  }

  func willRead(_ indices: [Int]) {}
}
