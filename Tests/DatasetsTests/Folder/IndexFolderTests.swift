import Foundation
import System
import SystemPackage
import Testing

@testable import Datasets

@Suite struct IndexFolderTests {
  private let temporary: TemporaryFolder
  private var data: FilePath { temporary.file("data") }
  private var place: FilePath { temporary.file("index") }
  // What was written a moment ago is kept as well: no clock here ticks so slowly that a test would see it.
  private var indexes: IndexFolder { IndexFolder(place, margin: 0) }

  init() throws {
    temporary = try TemporaryFolder()
    for name in ["a/1.jpg", "a/below/2.png", "é/3.jpg", "é/4"] { try write(name) }
    try pass()
  }

  private func write(_ name: String) throws {
    try temporary.write(Fixture.bytes("decode/grey.jpg"), to: "data/\(name)")
  }

  // Until the file system's clock has moved on: a stamp of now would not be told from the next.
  private func pass() throws {
    try temporary.write([], to: "\(UUID())")
    let before = Stamp(temporary.file(""))
    repeat { try temporary.write([], to: "\(UUID())") } while Stamp(temporary.file("")) == before
  }

  /// Whether the index is made anew, which has to be that of a folder nobody keeps an index of.
  private func isMade(_ indexes: IndexFolder? = nil) throws -> Bool {
    var made = false
    let index = try (indexes ?? self.indexes).index(of: data) { () throws(DataError) in
      made = true
      return try SplitIndex(walking: data)
    }
    let (kept, fresh) = (ImageFolder(data, index), try ImageFolder(data))
    #expect(kept.digest == fresh.digest)
    #expect(kept.classes == fresh.classes)
    #expect(kept.classCounts == fresh.classCounts)
    #expect((0..<fresh.count).allSatisfy { kept[$0] == fresh[$0] })
    return made
  }

  private var file: URL {
    get throws {
      let names = Folders.names(in: place.string).filter { $0.hasSuffix(".index") }
      try #require(names.count == 1)
      return URL(fileURLWithPath: "\(place)/\(names[0])")
    }
  }

  @Test func `an index is made once, and again when a folder has changed`() throws {
    #expect(try isMade())
    #expect(try !isMade())
    let changes: [() throws -> Void] = [
      { try write("a/5.jpg") }, { try write("a/below/6.jpg") }, { try write("b/7.jpg") },
      { try FileManager.default.removeItem(atPath: "\(data)/a/1.jpg") },
      { try FileManager.default.removeItem(atPath: "\(data)/b") },
      { rename("\(data)/a/below/2.png", "\(data)/a/below/0.png") },
      // No folder changes where a file of no telling name becomes another.
      { try temporary.write([1, 2, 3], to: "data/é/4") },
    ]
    for change in changes {
      try change()
      try pass()
      #expect(try isMade())
      #expect(try !isMade())
    }
  }

  @Test func `who only reads takes what is kept, and leaves nothing behind`() throws {
    let reading = IndexFolder(place, margin: 0, isReadOnly: true)
    #expect(try isMade(reading))
    #expect(!Folders.isFolder(place))
    #expect(try isMade())
    #expect(try !isMade(reading))
    let kept = try file
    try Data([1]).write(to: kept)
    #expect(try isMade(reading))
    #expect(try Data(contentsOf: kept) == Data([1]))
  }

  @Test func `a link that led nowhere is followed once it leads to a class`() throws {
    symlink("\(temporary.path)/later", "\(data)/c")
    try pass()
    #expect(try isMade())
    try temporary.write(Fixture.bytes("decode/grey.jpg"), to: "later/1.jpg")
    try pass()
    #expect(try isMade())
    #expect(try ImageFolder(data).classes.count == 3)
  }

  @Test func `what has just changed is not kept, since the next change might look the same`() throws {
    let careful = IndexFolder(place)
    #expect(try isMade(careful))
    #expect(try isMade(careful))
    #expect(try isMade())
    #expect(try !isMade(careful))
  }

  @Test func `a file with a byte less, more or other is made anew, and never believed`() throws {
    #expect(try isMade())
    let whole = [UInt8](try Data(contentsOf: file))
    for position in stride(from: 0, to: whole.count, by: 7) {
      var bytes = whole
      bytes[position] ^= 1 << UInt8(position % 8)
      try Data(bytes).write(to: file)
      #expect(try isMade())
    }
    for bytes in [
      [], Array(whole.prefix(8)), Array(whole.dropLast(8)), whole + [UInt8](repeating: 0, count: 8),
    ] {
      try Data(bytes).write(to: file)
      #expect(try isMade())
    }
    #expect([UInt8](try Data(contentsOf: file)) == whole)
  }

  @Test func `behind a right checksum, what does not fit together is refused`() throws {
    #expect(try isMade())
    let whole = [UInt8](try Data(contentsOf: file))
    let path = FilePath(try file.path)
    let root = FilePath(real(data))
    #expect(IndexFile.read(path, of: root)?.names.count == 4)
    for word in stride(from: 16, to: whole.count, by: 8) {
      for value in [-1, 1 << 62, whole.count] {
        var bytes = whole
        withUnsafeBytes(of: value) { bytes.replaceSubrange(word..<(word + 8), with: $0) }
        let checksum = bytes.withUnsafeBytes { CRC32C(of: UnsafeRawBufferPointer(rebasing: $0[12...])).value }
        withUnsafeBytes(of: checksum) { bytes.replaceSubrange(8..<12, with: $0) }
        try Data(bytes).write(to: file)
        guard let index = IndexFile.read(path, of: root) else { continue }
        // Some words are names, of which any will do.
        let images = ImageFolder(data, index)
        #expect((0..<images.count).allSatisfy { images[$0].label < 2 })
      }
    }
  }

  @Test func `an index of another folder is none`() throws {
    #expect(try isMade())
    #expect(IndexFile.read(FilePath(try file.path), of: FilePath("/elsewhere")) == nil)
  }

  @Test func `where nothing can be written every one makes an index of its own`() throws {
    let nowhere = IndexFolder(temporary.file("missing/index"), margin: 0)
    #expect(try isMade(nowhere))
    #expect(try isMade(nowhere))
    #expect(access("\(temporary.path)/missing", F_OK) != 0)
    try temporary.write([], to: "file")
    #expect(try isMade(IndexFolder(temporary.file("file"), margin: 0)))
    // A full disk, as writing meets it.
    try temporary.makeFolder("index")
    #expect(try isMade())
    let path = try file.path
    try FileManager.default.removeItem(atPath: path)
    symlink("/dev/full", "\(place)/.\(URL(fileURLWithPath: path).lastPathComponent).unfinished")
    #expect(try isMade())
  }

  @Test func `of those who begin at once one makes the index`() throws {
    let (indexes, data) = (indexes, data)
    let made = Monitor(0)
    let threads = (0..<8).map { _ in
      OwnedThread.started("index") {
        _ = try? indexes.index(of: data) { () throws(DataError) in
          made.withLock { $0 += 1 }
          return try SplitIndex(walking: data)
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(made.withLock(\.self) == 1)
    #expect(try !isMade())
  }

  @Test func `one made while there was no folder is kept later`() throws {
    let early = try ImageFolder(data, keptIn: indexes)
    try FileManager.default.removeItem(atPath: place.string)
    #expect(early.count == 4)
    let alone = try ImageFolder(data)
    alone.keep(in: indexes)
    #expect(try !isMade())
  }

  @Test func `a pack's index is kept until its index.tsv is another`() throws {
    let out = temporary.file("out")
    try FileManager.default.removeItem(atPath: "\(data)/é/4")
    try temporary.makeFolder("pair")
    symlink(data.string, "\(temporary.path)/pair/train")
    _ = try DatasetPacker(temporary.file("pair"), to: out, imagesPerShard: 2, recompression: nil)
      .pack(threads: 1) { _, _, _ in }
    try pass()
    let packed = out.appending("train")
    let first = try ImageFolder(packed, keptIn: indexes)
    let second = try ImageFolder(packed, keptIn: indexes)
    let loose = try ImageFolder(data)
    #expect(first.isPacked && second.isPacked)
    #expect([first.digest, second.digest] == [loose.digest, loose.digest])
    let memory = (FileMemory(), FileMemory())
    for index in 0..<3 {
      let bytes = try (second.contents(of: index, in: memory.0), loose.contents(of: index, in: memory.1))
      #expect(bytes.0.elementsEqual(bytes.1))
    }
    try Data("nothing\n".utf8).write(to: URL(fileURLWithPath: "\(packed)/index.tsv"))
    #expect(throws: DataError.self) { try ImageFolder(packed, keptIn: indexes) }
  }

  private func real(_ path: FilePath) -> String {
    path.withPlatformString { name in
      let real = realpath(name, nil)
      defer { free(real) }
      return real.map { String(cString: $0) } ?? ""
    }
  }
}
