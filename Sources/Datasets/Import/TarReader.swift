import System

/// Reads the files of a tar archive in order; the archive may be a member of another.
///
/// Folders are skipped, and so are links, except for one in place of an image, which would be lost. Names
/// that lead out of the destination folder are refused.
struct TarReader {
  /// A file in the archive.
  struct Member: Equatable {
    /// The file's path, without empty components and dots.
    let name: [UInt8]
    /// The file's size, in bytes.
    let size: Int
    /// The offset of its bytes.
    let offset: Int

    /// The last component of its path.
    var lastName: [UInt8] {
      Array(name.suffix(from: (name.lastIndex(of: UInt8(ascii: "/")) ?? name.startIndex - 1) + 1))
    }
  }

  private let stream: ArchiveStream
  /// The latest end of the archive; nil if unknown.
  private let end: Int?
  private var following: Int

  /// The options that make GNU tar store a file's bytes in place of each link.
  private static let unlinking = "--hard-dereference --dereference"
  private static let slash = UInt8(ascii: "/")
  /// Longer than any name, and larger than any image, in a data set.
  private static let (longestName, largestFile, largestMember) = (1 << 16, 1 << 28, 1 << 42)

  /// Reads the archive at the stream's start.
  init(_ stream: ArchiveStream) {
    self.stream = stream
    (following, end) = (stream.position, stream.size)
  }

  /// Reads an archive that is a member of another.
  init(_ member: Member, in stream: ArchiveStream) {
    self.stream = stream
    (following, end) = (member.offset, member.offset + member.size)
  }

  /// Returns the next file; nil at the end.
  mutating func next() throws(DataError) -> Member? {
    var said: (name: [UInt8]?, size: Int?) = (nil, nil)
    while let header = try header() {
      let (offset, size) = (stream.position, said.size ?? header.size)
      try require(size, from: offset, header)
      following = offset + (size + TarMember.block - 1) / TarMember.block * TarMember.block
      switch header.kind {
      case .file: return Member(name: try safe(said.name ?? header.name, offset), size: size, offset: offset)
      case .longName: said.name = Array(try small(size).prefix { $0 != 0 })
      case .attributes:
        guard let attributes = TarHeader.attributes(try small(size)) else {
          throw stream.failure("attributes that are not to be understood", at: offset)
        }
        said = (attributes.name ?? said.name, attributes.size ?? said.size)
      case .sparse: throw stream.refusal("a file with holes (GNU's sparse form)", at: offset)
      case .link:
        let name = said.name ?? header.name
        guard !ImageFolder.isImage(name) else {
          throw stream.refusal(
            "\(masked(name)) is a link to another file, and has no bytes of its own (tar \(Self.unlinking) copies files instead)",
            at: offset)
        }
        said = (nil, nil)
      case .other: said = (nil, nil)
      }
    }
    return nil
  }

  /// Reads the bytes of the file that `next` returned last, or in an uncompressed archive of any file; throws
  /// if it is larger than any image.
  func contents(of member: Member) throws(DataError) -> [UInt8] {
    let part = try part(of: member)
    return part.place == nil
      ? try stream.read(part.size) : try stream.bytes(from: member.offset, count: part.size)
  }

  /// Returns where a file's bytes are; throws if it is larger than any image.
  func part(of member: Member) throws(DataError) -> ImagePart {
    guard member.size <= Self.largestFile else {
      throw stream.refusal(
        "\(masked(member.name)) claims \(member.size) bytes, more than any image has", at: member.offset)
    }
    return ImagePart(size: member.size, place: stream.isPlain ? (stream.path, member.offset) : nil)
  }

  /// Whether files can be read in any order.
  var isSeekable: Bool { stream.isPlain }

  /// Reads a header; nil at the archive's end mark; throws if that is missing.
  private func header() throws(DataError) -> TarHeader? {
    let start = following
    if let end, start + TarMember.block > end {
      throw stream.failure("it ends without the mark of its end: it is cut off", at: min(start, end))
    }
    try stream.skip(to: start)
    let block = try stream.read(TarMember.block)
    if block.allSatisfy({ $0 == 0 }) { return nil }
    guard let header = TarHeader(block) else {
      throw stream.failure("what should be the header of a file is none", at: start)
    }
    return header
  }

  private func require(_ size: Int, from offset: Int, _ header: TarHeader) throws(DataError) {
    let most = end.map { $0 - offset } ?? Self.largestMember
    guard size <= most else {
      throw stream.failure("\(masked(header.name)) claims \(size) bytes, and \(most) are left", at: offset)
    }
  }

  private func small(_ size: Int) throws(DataError) -> [UInt8] {
    guard size <= Self.longestName else { throw stream.failure("a name of \(size) bytes") }
    return try stream.read(size)
  }

  private func safe(_ name: [UInt8], _ offset: Int) throws(DataError) -> [UInt8] {
    let parts = name.split(separator: Self.slash).filter { !$0.elementsEqual(".".utf8) }
    let leavesFolder = name.first == Self.slash || parts.contains { $0.elementsEqual("..".utf8) }
    guard !leavesFolder, !parts.isEmpty else {
      throw stream.refusal("the name \"\(masked(name))\" leads out of the folder", at: offset)
    }
    return Array(parts.joined(separator: [Self.slash]))
  }
}
