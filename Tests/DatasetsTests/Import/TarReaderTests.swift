import Foundation
import SystemPackage
import Testing

@testable import Datasets

@Suite struct TarReaderTests {
  private let temporary: TemporaryFolder
  private var path: FilePath { temporary.file("a.tar") }

  init() throws { temporary = try TemporaryFolder() }

  private func read(_ bytes: [UInt8]) throws -> [(name: String, bytes: [UInt8])] {
    try temporary.write(bytes, to: "a.tar")
    var reader = TarReader(try ArchiveStream(path))
    var files: [(String, [UInt8])] = []
    while let member = try reader.next() {
      files.append((String(decoding: member.name, as: UTF8.self), try reader.contents(of: member)))
    }
    return files
  }

  private func failure(_ bytes: [UInt8]) -> (offset: Int, reason: String)? {
    do {
      _ = try read(bytes)
    } catch DataError.malformedArchive(_, let offset, let reason) {
      return (offset, reason)
    } catch DataError.unusableMember(_, let offset, let reason) {
      return (offset, reason)
    } catch {}
    return nil
  }

  private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) } }

  @Test(arguments: [false, true])
  func `files come as they are, folders and links are passed over`(isCompressed: Bool) throws {
    let archive =
      tarPart("./train", [], kind: "5") + tarPart("./train//a.jpg", bytes(700)) + tarPart("b", [], kind: "2")
      + tarPart("g", Array("18 comment=nothing\n".utf8), kind: "g") + tarPart("empty", [])
      + tarPart("c", bytes(512), kind: "\0")
      + TarMember.end
    let files = try read(isCompressed ? gzipped(archive) : archive)
    #expect(files.map(\.name) == ["train/a.jpg", "empty", "c"])
    #expect(files.map(\.bytes) == [bytes(700), [], bytes(512)])
  }

  @Test(arguments: ["1", "2"] as [Character])
  func `a link in the place of an image is refused, and not lost`(kind: Character) throws {
    let archive = tarPart("a.jpg", bytes(3)) + tarPart("b.JPEG", [], kind: kind) + TarMember.end
    #expect(throws: DataError.self) { try read(archive) }
    let long = tarPart("l", Array("c.jpg\0".utf8), kind: "L") + tarPart("c", [], kind: kind) + TarMember.end
    #expect(throws: DataError.self) { try read(long) }
  }

  @Test func `long names and large sizes are said in three ways`() throws {
    let long = String(repeating: "long-", count: 40) + ".jpg"
    let line = " path=\(long)\n"
    let gnu = tarPart("././@LongLink", Array("\(long)\0".utf8), kind: "L") + tarPart("cut", bytes(3))
    let pax = tarPart("x", Array("\(line.utf8.count + 3)\(line)".utf8), kind: "x") + tarPart("cut", bytes(4))
    var ustar = TarMember.header("name.jpg", count: 5)
    ustar.replaceSubrange(345..<353, with: "a/b/c/de".utf8)
    var binary = TarMember.header("binary", count: 0)
    binary.replaceSubrange(124..<136, with: [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6])
    let files = try read(
      gnu + pax + sealed(ustar) + bytes(5) + TarMember.padding(after: 5) + sealed(binary) + bytes(6)
        + TarMember.padding(after: 6) + TarMember.end)
    #expect(files.map(\.name) == [long, long, "a/b/c/de/name.jpg", "binary"])
    #expect(files.map(\.bytes.count) == [3, 4, 5, 6])
  }

  @Test(arguments: ["/etc/passwd", "../up", "a/../../up", "..", "."])
  func `a name that leads out of the folder is refused`(name: String) throws {
    let found = try #require(failure(tar([("fine", [1]), (name, [1])])))
    #expect(found.offset == 1536)
    #expect(found.reason.contains("leads out of the folder"))
  }

  @Test func `a name of pax or GNU is no way around that`() throws {
    let gnu = tarPart("l", Array("../up\0".utf8), kind: "L") + tarPart("fine", [1]) + TarMember.end
    #expect(try #require(failure(gnu)).reason.contains("leads out"))
    let pax =
      tarPart("x", Array("17 path=/etc/up\n".utf8.dropFirst(0)), kind: "x") + tarPart("fine", [1])
      + TarMember.end
    #expect(failure(pax) != nil)
  }

  @Test(arguments: [1, 511, 512, 600, 1023, 1024, 1535, 1536, 1700, 2047])
  func `an archive that is cut off says where`(count: Int) throws {
    let archive = tar([("a", bytes(400)), ("b", bytes(10))])
    #expect(archive.count == 3072)
    let plain = try #require(failure(Array(archive.prefix(count))))
    #expect(plain.offset <= count && plain.offset >= count - 1024)
    // Of a compressed one, the end is met when it is read.
    #expect(failure(Array(gzipped(archive).prefix(count))) != nil)
    #expect(failure(gzipped(Array(archive.prefix(count)))) != nil)
  }

  @Test func `sizes that cannot be are refused before memory is taken`() throws {
    let claims = tarPart("huge.jpg", [1], claiming: 1 << 32) + TarMember.end
    #expect(try #require(failure(claims)).reason.contains("claims 4294967296 bytes"))
    #expect(try #require(failure(gzipped(claims))).reason.contains("claims 4294967296 bytes"))
    var negative = TarMember.header("n", count: 0)
    negative.replaceSubrange(124..<136, with: [UInt8](repeating: 0xff, count: 12))
    #expect(failure(sealed(negative) + TarMember.end) != nil)
    var changed = TarMember.header("n", count: 0)
    changed[3] ^= 1
    #expect(try #require(failure(changed + TarMember.end)).reason.contains("header"))
    #expect(failure(tarPart("holes", [1], kind: "S") + TarMember.end) != nil)
    let bad = tarPart("x", Array("99 path=a\n".utf8), kind: "x") + tarPart("a", [1]) + TarMember.end
    #expect(failure(bad) != nil)
  }

  @Test func `an archive in an archive ends with its file`() throws {
    let inner = [tar([("1.jpg", bytes(3)), ("2.jpg", bytes(900))]), tar([("3.jpg", bytes(1))])]
    try temporary.write(tar([("a.tar", inner[0]), ("b.tar", inner[1])]), to: "a.tar")
    let stream = try ArchiveStream(path)
    var outer = TarReader(stream)
    var found: [String] = []
    while let member = try outer.next() {
      var files = TarReader(member, in: stream)
      while let file = try files.next() {
        found.append(String(decoding: member.name + [47] + file.name, as: UTF8.self))
      }
    }
    #expect(found == ["a.tar/1.jpg", "a.tar/2.jpg", "b.tar/3.jpg"])
    try temporary.write(tar([("a.tar", Array(inner[0].prefix(1000)))]), to: "a.tar")
    let cut = try ArchiveStream(path)
    var again = TarReader(cut)
    let member = try #require(try again.next())
    var files = TarReader(member, in: cut)
    #expect(throws: DataError.self) { while try files.next() != nil {} }
  }
}
