import System
import SystemPackage

/// A part of an index, with the same layout in memory and in a file.
protocol IndexSection {
  func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result
}

extension Column: IndexSection {}

/// An index in a file, from which it is used without being read: processes that map it share its pages.
///
/// ```
/// bytes   0…7    "twinsidx"
///         8…11   CRC-32C of all that follows
///        12…15   version of the format
///        16…23   1 for a pack, 0 for a folder
///        24…103  the sections' sizes in bytes, ten of them
///       104…     the sections, each padded to a multiple of 8
/// ```
/// in the machine's own order. The sections: the folder's path, bytes and ends of the class names, where classes begin, bytes and ends of
/// the images' names, places in shards, bytes and ends of the sources' paths, their stamps.
///
/// A file that is cut off, changed, of another version or of another folder is none.
enum IndexFile {
  private static let magic = Array("twinsidx".utf8)
  private static let version: UInt32 = 1
  private static let sections = 10
  private static let headerSize = 24 + 8 * sections

  /// Writes an index completely or not at all; `root` is the split's folder, with links resolved.
  static func write(_ index: SplitIndex, of root: FilePath, to path: FilePath) throws(DataError) {
    let classes = PathListBuilder()
    for name in index.classes { classes.append(name.bytes) }
    let sections: [any IndexSection] =
      [Column(root.bytes)] + classes.finish().sections + [Column(index.starts)] + index.names.sections
      + [index.places ?? Column([])] + index.sources.paths.sections + [index.sources.stamps]
    var rest = withUnsafeBytes(of: version, Array.init)
    rest += words([index.places == nil ? 0 : 1] + sections.map { $0.withBytes(\.count) })
    var checksum = CRC32C()
    rest.withUnsafeBytes { checksum.update(with: $0) }
    for section in sections {
      section.withBytes { bytes in
        checksum.update(with: bytes)
        padding(after: bytes.count).withUnsafeBytes { checksum.update(with: $0) }
      }
    }
    let file = try NewFile(path)
    try file.write(magic + withUnsafeBytes(of: checksum.value, Array.init) + rest)
    for section in sections {
      try section.withBytes { bytes throws(DataError) in try file.write(bytes) }
      try file.write(padding(after: section.withBytes(\.count)))
    }
    // A power loss may lose the file: the next start makes it again.
    try file.finish(syncing: false)
  }

  /// Maps an index file; nil unless it is the complete index of that folder.
  static func read(_ path: FilePath, of root: FilePath) -> SplitIndex? {
    guard let file = try? RegularFile(path), file.size >= headerSize,
      let memory = MappedMemory(
        reading: file, advice: "It says which images the data set has; another start makes it anew")
    else { return nil }
    let bytes = UnsafeRawBufferPointer(start: memory.start, count: file.size)
    let checksum = bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
    guard bytes.starts(with: magic), bytes.load(fromByteOffset: 12, as: UInt32.self) == version,
      CRC32C(of: UnsafeRawBufferPointer(rebasing: bytes[12...])).value == checksum,
      var reader = SectionReader(memory, bytes, sections, from: headerSize)
    else { return nil }
    let isPacked = bytes.load(fromByteOffset: 16, as: Int.self) == 1
    return reader.index(of: root, isPacked: isPacked)
  }

  fileprivate static func padding(after count: Int) -> [UInt8] { [UInt8](repeating: 0, count: -count & 7) }

  private static func words(_ values: [Int]) -> [UInt8] { values.withUnsafeBytes(Array.init) }
}

/// Takes the sections of a file with a correct checksum one by one; nil if they are inconsistent all the
/// same.
private struct SectionReader {
  private let memory: MappedMemory
  private var parts: ArraySlice<UnsafeRawBufferPointer>

  init?(_ memory: MappedMemory, _ bytes: UnsafeRawBufferPointer, _ count: Int, from start: Int) {
    self.memory = memory
    var parts: [UnsafeRawBufferPointer] = []
    var offset = start
    for number in 0..<count {
      let size = bytes.load(fromByteOffset: 24 + 8 * number, as: Int.self)
      guard size >= 0, size <= bytes.count - offset else { return nil }
      parts.append(UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + size)]))
      offset += size + (-size & 7)
    }
    guard offset == bytes.count else { return nil }
    self.parts = parts[...]
  }

  mutating func index(of root: FilePath, isPacked: Bool) -> SplitIndex? {
    guard let path: Column<UInt8> = column(), path.elementsEqual(root.bytes), let classes = paths(),
      let starts: Column<Int> = column(), let names = paths(),
      let places: Column<ShardIndex.Place> = column(),
      let sources = paths(), let stamps: Column<Stamp> = column(), starts.count == classes.count,
      zip(starts, starts.dropFirst()).allSatisfy(<=), starts.first ?? 0 == 0, starts.last ?? 0 <= names.count,
      places.count == (isPacked ? names.count : 0), stamps.count == sources.count
    else { return nil }
    return SplitIndex(
      classes: (0..<classes.count).map { ClassName(bytes: classes[$0]) }, starts: Array(starts), names: names,
      places: isPacked ? places : nil, sources: IndexSources(paths: sources, stamps: stamps, moment: nil))
  }

  private mutating func paths() -> PathList? {
    guard let bytes: Column<UInt8> = column(), let ends: Column<Int> = column() else { return nil }
    return PathList(bytes: bytes, ends: ends)
  }

  private mutating func column<Element: BitwiseCopyable & Sendable>() -> Column<Element>? {
    guard let part = parts.popFirst(), part.count.isMultiple(of: MemoryLayout<Element>.stride) else {
      return nil
    }
    return Column(part.bindMemory(to: Element.self), of: memory)
  }
}
