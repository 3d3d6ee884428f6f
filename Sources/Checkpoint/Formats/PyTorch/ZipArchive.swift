import System

/// The uncompressed files in a zip archive, as PyTorch writes them.
///
/// Compressed or encrypted entries, overlapping entries, and multi-part archives are refused: so a file
/// cannot claim to hold more than its own size. Format: PKWARE's APPNOTE.TXT 6.3.10.
struct ZipArchive {
  private let bytes: UnsafeRawBufferPointer
  private var entries: [String: Entry] = [:]

  struct Entry {
    let name: String
    /// From the entry's local header to the end of its content.
    let span: Range<Int>
    let content: Range<Int>
    let checksum: UInt32
  }

  /// Reads the central directory of a whole file.
  init(_ bytes: UnsafeRawBufferPointer) throws(Refusal) {
    self.bytes = bytes
    let directory = try ZipDirectory(of: bytes)
    var reader = try ByteReader(bytes, at: directory.offset)
    for _ in 0..<directory.count {
      let record = try ZipDirectory.Record(&reader)
      guard entries.updateValue(try entry(record), forKey: record.name) == nil else {
        throw .malformed("the entry \(record.name.printable) comes twice")
      }
    }
    try checkSpans(before: directory.offset)
  }

  /// The entries' names, sorted.
  var names: [String] { entries.keys.sorted() }

  /// The content of an entry, after its checksum has been verified; nil if there is no such entry.
  func content(of name: String) throws(Refusal) -> UnsafeRawBufferPointer? {
    guard let entry = entries[name] else { return nil }
    let content = UnsafeRawBufferPointer(rebasing: bytes[entry.content])
    guard CRC32.checksum(of: content) == entry.checksum else {
      throw .malformed(
        "the entry \(name.printable) is damaged: its checksum differs (or PyTorch was told to compute none)")
    }
    return content
  }

  /// Reads an entry's local header, which tells where its content starts.
  private func entry(_ record: ZipDirectory.Record) throws(Refusal) -> Entry {
    var reader = try ByteReader(bytes, at: record.offset)
    guard try reader.integer(UInt32.self) == 0x0403_4b50 else {
      throw .malformed("the entry \(record.name.printable) is not where the archive says")
    }
    _ = try reader.take(22)
    let nameCount = try reader.count(UInt16.self)
    let extraCount = try reader.count(UInt16.self)
    guard try reader.text(nameCount) == record.name else {
      throw .malformed("the entry \(record.name.printable) has another name in its own header")
    }
    _ = try reader.take(extraCount)
    let start = reader.position
    _ = try reader.take(record.size)
    return Entry(
      name: record.name, span: record.offset..<reader.position, content: start..<reader.position,
      checksum: record.checksum)
  }

  private func checkSpans(before directory: Int) throws(Refusal) {
    var end = 0
    for entry in entries.values.sorted(by: { $0.span.lowerBound < $1.span.lowerBound }) {
      guard entry.span.lowerBound >= end, entry.span.upperBound <= directory else {
        throw .malformed("the entry \(entry.name.printable) overlaps another part of the archive")
      }
      end = entry.span.upperBound
    }
  }
}

/// The position of a zip archive's central directory, and the number of its entries.
private struct ZipDirectory {
  let offset: Int
  let count: Int

  /// Finds the directory from the end of a whole file; a 64-bit record takes precedence.
  init(of bytes: UnsafeRawBufferPointer) throws(Refusal) {
    let end = try Self.endRecord(in: bytes)
    var locator = try ByteReader(bytes, at: max(0, end - 20))
    if end >= 20, try locator.integer(UInt32.self) == 0x0706_4b50 {
      _ = try locator.take(4)
      try self.init(long: ByteReader(bytes, at: try locator.count(UInt64.self)))
    } else {
      try self.init(short: ByteReader(bytes, at: end))
    }
  }

  private init(short record: consuming ByteReader) throws(Refusal) {
    _ = try record.take(4)
    try Self.checkIsWhole(disks: [try record.count(UInt16.self), try record.count(UInt16.self)])
    _ = try record.take(2)
    count = try record.count(UInt16.self)
    _ = try record.take(4)
    offset = try record.count(UInt32.self)
  }

  private init(long record: consuming ByteReader) throws(Refusal) {
    guard try record.integer(UInt32.self) == 0x0606_4b50 else {
      throw .malformed("its 64-bit table of contents is not where the archive says")
    }
    _ = try record.take(12)
    try Self.checkIsWhole(disks: [try record.count(UInt32.self), try record.count(UInt32.self)])
    _ = try record.take(8)
    count = try record.count(UInt64.self)
    _ = try record.take(8)
    offset = try record.count(UInt64.self)
  }

  private static func checkIsWhole(disks: [Int]) throws(Refusal) {
    guard disks == [0, 0] else { throw .malformed("it is a part of an archive in several files") }
  }

  /// The end record is followed by a comment of at most 65,535 bytes.
  private static func endRecord(in bytes: UnsafeRawBufferPointer) throws(Refusal) -> Int {
    for comment in 0...0xffff where bytes.count >= 22 + comment {
      let start = bytes.count - 22 - comment
      guard bytes[start] == 0x50 else { continue }
      var reader = try ByteReader(bytes, at: start)
      guard try reader.integer(UInt32.self) == 0x0605_4b50 else { continue }
      _ = try reader.take(16)
      if try reader.count(UInt16.self) == comment { return start }
    }
    throw .malformed("the archive has no table of contents: it was cut short")
  }

  /// The central directory's record of one entry.
  struct Record {
    let name: String
    let checksum: UInt32
    private(set) var size: Int
    private(set) var offset: Int

    /// Reads the next record; throws unless the entry is stored uncompressed.
    init(_ reader: inout ByteReader) throws(Refusal) {
      guard try reader.integer(UInt32.self) == 0x0201_4b50 else {
        throw .malformed("its table of contents is damaged")
      }
      _ = try reader.take(4)
      let flags = try reader.integer(UInt16.self)
      let method = try reader.integer(UInt16.self)
      _ = try reader.take(4)
      checksum = try reader.integer(UInt32.self)
      var packedSize = try reader.count(UInt32.self)
      size = try reader.count(UInt32.self)
      let lengths = [
        try reader.count(UInt16.self), try reader.count(UInt16.self), try reader.count(UInt16.self),
      ]
      _ = try reader.take(8)
      offset = try reader.count(UInt32.self)
      name = try reader.text(lengths[0])
      try widen(&packedSize, by: ByteReader(try reader.take(lengths[1])))
      _ = try reader.take(lengths[2])
      guard method == 0, flags & 1 == 0, packedSize == size else {
        throw .malformed(
          "the entry \(name.printable) is compressed or encrypted, as PyTorch never writes it: unpack and zip it anew "
            + "with `zip -0`, or save the weights again with torch.save")
      }
    }

    /// Values beyond 32 bits are in an extra field of kind 1, in this order.
    private mutating func widen(_ packedSize: inout Int, by extra: consuming ByteReader) throws(Refusal) {
      let full = Int(UInt32.max)
      guard size == full || packedSize == full || offset == full else { return }
      while try extra.integer(UInt16.self) != 1 { _ = try extra.take(try extra.count(UInt16.self)) }
      _ = try extra.take(2)
      if size == full { size = try extra.count(UInt64.self) }
      if packedSize == full { packedSize = try extra.count(UInt64.self) }
      if offset == full { offset = try extra.count(UInt64.self) }
    }
  }
}
