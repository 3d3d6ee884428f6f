import System

/// The files of a tar archive, one after the other; of an archive that lies in another, too.
///
/// Folders are passed over, and so are links, but for one in the place of an image, which would be lost. Names that lead out of the folder into which one would unpack are refused.
struct TarReader {
  /// A file in the archive.
  struct Member: Equatable {
    /// Its path, without components that are empty or a dot.
    let name: [UInt8]
    /// Its bytes.
    let size: Int
    /// Where they begin.
    let offset: Int

    /// The last component of its path.
    var lastName: [UInt8] {
      Array(name.suffix(from: (name.lastIndex(of: UInt8(ascii: "/")) ?? name.startIndex - 1) + 1))
    }
  }

  private let stream: ArchiveStream
  /// Where the archive ends at the latest; nil where nobody knows.
  private let end: Int?
  private var following: Int

  /// What has GNU's tar put a file's bytes in the place of each link.
  private static let unlinking = "--hard-dereference --dereference"
  private static let slash = UInt8(ascii: "/")
  /// No name is longer, and no data set has an image as large.
  private static let (longestName, largestFile, largestMember) = (1 << 16, 1 << 28, 1 << 42)

  /// The archive that `stream` begins with.
  init(_ stream: ArchiveStream) {
    self.stream = stream
    (following, end) = (stream.position, stream.size)
  }

  /// The archive that is a file of another.
  init(_ member: Member, in stream: ArchiveStream) {
    self.stream = stream
    (following, end) = (member.offset, member.offset + member.size)
  }

  /// The next file; nil at the end.
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

  /// The bytes of the file that `next` gave last, or of any of an archive that is not compressed; throws for one that is larger
  /// than any image.
  func contents(of member: Member) throws(DataError) -> [UInt8] {
    let part = try part(of: member)
    return part.place == nil
      ? try stream.read(part.size) : try stream.bytes(from: member.offset, count: part.size)
  }

  /// Where the bytes of a file lie; throws for one that is larger than any image.
  func part(of member: Member) throws(DataError) -> ImagePart {
    guard member.size <= Self.largestFile else {
      throw stream.refusal(
        "\(masked(member.name)) claims \(member.size) bytes, more than any image has", at: member.offset)
    }
    return ImagePart(size: member.size, place: stream.isPlain ? (stream.path, member.offset) : nil)
  }

  /// Whether files can be read in any order, and not as they come alone.
  var isSeekable: Bool { stream.isPlain }

  /// Nil at the mark that ends an archive; throws where there is none.
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
