/// The files in a zip archive that lie in it as they are, as PyTorch writes them.
///
/// Compressed or encrypted entries, entries that overlap, and parts of other archives are refused by name: what a file
/// claims to hold can then never be more than the file itself. Format: PKWARE's APPNOTE.TXT 6.3.10.
struct ZipArchive {
  private let bytes: UnsafeRawBufferPointer
  private var entries: [String: Entry] = [:]

  struct Entry {
    let name: String
    /// From the entry's own header to the end of its content.
    let span: Range<Int>
    let content: Range<Int>
    let checksum: UInt32
  }

  /// Reads the table of contents of a whole file.
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

  /// Where an entry's content lies in the file, once its checksum is found right; nil where there is no such entry.
  func content(of name: String) throws(Refusal) -> UnsafeRawBufferPointer? {
    guard let entry = entries[name] else { return nil }
    let content = UnsafeRawBufferPointer(rebasing: bytes[entry.content])
    guard CRC32.zip.checksum(of: content) == entry.checksum else {
      throw .malformed(
        "the entry \(name.printable) is damaged: its checksum differs (or PyTorch was told to compute none)")
    }
    return content
  }

  /// What the entry's own header adds to the directory's record: where the content starts.
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
