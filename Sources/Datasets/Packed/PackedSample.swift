import System

/// An image prepared for its shard.
struct PackedSample: Sendable {
  /// Its number in the folder.
  let index: Int
  let label: Int
  let name: [UInt8]
  let bytes: [UInt8]
  let checksum: UInt32
  let ending: String
  let width: Int
  let height: Int

  init(index: Int, label: Int, name: [UInt8], bytes: [UInt8], ending: String, width: Int, height: Int) {
    (self.index, self.label, self.name, self.bytes) = (index, label, name, bytes)
    (self.ending, self.width, self.height) = (ending, width, height)
    checksum = bytes.withUnsafeBytes { CRC32C(of: $0).value }
  }
}
