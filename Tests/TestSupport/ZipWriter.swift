/// A zip archive of stored entries, with whatever untruth about them a test wants it to tell.
public struct ZipWriter {
  /// A file in the archive, and what its records claim.
  public struct Entry {
    let name: String
    /// What it holds.
    public let content: [UInt8]
    /// The compression method that is claimed; 0 is none.
    public var method: UInt16 = 0
    /// The flags that are claimed; 1 is encryption.
    public var flags: UInt16 = 0
    /// The size that is claimed, if not the true one.
    public var size: UInt32?
    /// The place that is claimed, if not the true one.
    public var offset: UInt32?
    /// The name in the entry's own header, if not the true one.
    public var innerName: String?

    /// An honest entry.
    public init(_ name: String, _ content: [UInt8]) {
      self.name = name
      self.content = content
    }
  }

  /// The entries, in the order of the file.
  public var entries: [Entry]
  /// Bytes behind the last record that it says are a comment.
  public var comment: [UInt8] = []
  /// Whether sizes and places are written as 64-bit numbers.
  public var isLong = false

  /// An archive of these entries.
  public init(_ entries: [Entry]) { self.entries = entries }

  /// The whole file.
  public var bytes: [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
      directory += record(entry, at: file.count)
      file += header(entry, at: file.count) + entry.content
    }
    let start = file.count
    file += directory
    if isLong { file += longEnd(start: start, count: directory.count, at: file.count) }
    return file + end(start: start, count: directory.count) + comment
  }

  /// Contents start at multiples of 64, as PyTorch's do.
  private func header(_ entry: Entry, at offset: Int) -> [UInt8] {
    let name = Array((entry.innerName ?? entry.name).utf8)
    let padding = (128 - (offset + 30 + name.count + 4) % 64) % 64
    return fields(0x0403_4b50 as UInt32, 0 as UInt16, entry.flags, entry.method, 0 as UInt32)
      + fields(0 as UInt32, 0 as UInt32, 0 as UInt32, UInt16(name.count), UInt16(padding + 4)) + name
      + Array("FB".utf8) + fields(UInt16(padding)) + [UInt8](repeating: 0x5a, count: padding)
  }

  private func record(_ entry: Entry, at offset: Int) -> [UInt8] {
    let name = Array(entry.name.utf8)
    let size = entry.size ?? UInt32(entry.content.count)
    let place = entry.offset ?? UInt32(offset)
    let extra = isLong ? fields(1 as UInt16, 24 as UInt16, UInt64(size), UInt64(size), UInt64(place)) : []
    let shown = isLong ? [UInt32](repeating: .max, count: 2) : [size, place]
    return fields(0x0201_4b50 as UInt32, 0 as UInt16, 0 as UInt16, entry.flags, entry.method, 0 as UInt32)
      + fields(zipChecksum(entry.content), shown[0], shown[0], UInt16(name.count), UInt16(extra.count))
      + fields(0 as UInt16, 0 as UInt16, 0 as UInt16, 0 as UInt32, shown[1]) + name + extra
  }

  private func longEnd(start: Int, count: Int, at offset: Int) -> [UInt8] {
    fields(0x0606_4b50 as UInt32, 44 as UInt64, 0 as UInt16, 0 as UInt16, 0 as UInt32, 0 as UInt32)
      + fields(UInt64(entries.count), UInt64(entries.count), UInt64(count), UInt64(start))
      + fields(0x0706_4b50 as UInt32, 0 as UInt32, UInt64(offset), 1 as UInt32)
  }

  private func end(start: Int, count: Int) -> [UInt8] {
    fields(0x0605_4b50 as UInt32, 0 as UInt16, 0 as UInt16)
      + fields(UInt16(entries.count), UInt16(entries.count), UInt32(count), UInt32(start))
      + fields(UInt16(comment.count))
  }
}

/// Numbers one behind the other, little-endian.
func fields(_ values: any FixedWidthInteger...) -> [UInt8] { values.flatMap { littleEndianBytes(of: $0) } }

private func littleEndianBytes<Number: FixedWidthInteger>(of number: Number) -> [UInt8] {
  withUnsafeBytes(of: number.littleEndian, Array.init)
}

/// The checksum of zip archives, bit by bit as the standard has it.
public func zipChecksum(_ bytes: [UInt8]) -> UInt32 {
  let table = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 0 ? 0 : 0xedb8_8320) }
  }
  return ~bytes.reduce(UInt32.max) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ ($0 >> 8) }
}
