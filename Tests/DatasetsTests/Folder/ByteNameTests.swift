import Foundation
import Glibc
import System
import SystemPackage
import Testing

@testable import Datasets

/// Names that are not what Swift's strings make of them.
@Suite struct ByteNameTests {
  let folder: TemporaryFolder
  let composed: ClassName = "\u{c4}pfel"
  let decomposed: ClassName = "A\u{308}pfel"

  init() throws { folder = try TemporaryFolder() }

  /// Writes a file whose name is bytes, and the folders above it.
  private func write(_ components: [UInt8]...) {
    var path = FilePath(folder.path)
    for name in components.dropLast() {
      path = path.appending(bytes: name)
      path.withPlatformString { _ = mkdir($0, 0o777) }
    }
    path.appending(bytes: components.last ?? []).withPlatformString {
      let file = creat($0, 0o666)
      _ = Glibc.write(file, "x", 1)
      close(file)
    }
  }

  private func write(_ name: ClassName, in split: String) {
    write(Array(split.utf8), name.bytes, Array("1.jpg".utf8))
  }

  private func problems() throws -> [String] {
    try DatasetReport(scanning: FilePath(folder.path), decoding: false, threads: 2).problems
  }

  @Test func `names of any bytes come out of an import and of a split as they were`() throws {
    let name: [UInt8] = [0x63, 0x61, 0x66, 0xE9]
    try FileManager.default.createDirectory(atPath: "\(folder.path)/src", withIntermediateDirectories: true)
    for number in 1...2 {
      try Data(Fixture.bytes("decode/rgb.png")).write(
        to: URL(fileURLWithPath: "\(folder.path)/src/\(number).png"))
    }
    let rows = (1...2).map { number in Array("src/\(number).png,".utf8) + name + Array(",train\n".utf8) }
    try Data(rows.joined()).write(to: URL(fileURLWithPath: "\(folder.path)/t.csv"))
    let out = FilePath(folder.path).appending("out")
    _ = try DatasetImporter(FilePath(folder.path).appending("t.csv"), to: out, ImportHints())
      .write(isPartial: true) { _ in }
    let imported = try ImageFolder(out.appending("train"))
    #expect(imported.classes.map(\.bytes) == [name] && imported.count == 2)
    let parts = FilePath(folder.path).appending("parts")
    _ = try FolderSplitter(out.appending("train"), to: parts, share: 0.5, seed: 0, groups: nil).split()
    #expect(try ImageFolderPair(parts).classes.map(\.bytes) == [name])
  }

  @Test func `a class that each split spells in its own way is refused, with both spellings`() throws {
    for (split, name) in [("train", composed), ("val", decomposed)] {
      write(name, in: split)
      write("Birnen", in: split)
    }
    let error = DataError.classSpelledDifferently(
      composed, decomposed, training: folder.file("train"), validation: folder.file("val"))
    #expect(throws: error) { try ImageFolderPair(FilePath(folder.path)) }
    #expect(try problems().first == error.description)
    #expect(error.description.contains(#""\u{c4}pfel" in \#(folder.path)/train and "A\u{308}pfel" in"#))
  }

  @Test func `two spellings in one split are refused`() throws {
    for name in [composed, decomposed] { write(name, in: "train") }
    write(composed, in: "val")
    let error = DataError.classSpelledTwice(decomposed, composed, folder: folder.file("train"))
    #expect(throws: error) { try ImageFolderPair(FilePath(folder.path)) }
    #expect(try problems().contains(error.description))
  }

  @Test func `names in another encoding are read like any`() throws {
    let latin = Array("caf".utf8) + [0xE9]
    let image = latin + Array(".jpg".utf8)
    write(latin, image)
    write(latin, Array("below-".utf8) + [0xFF], image)
    let images = try ImageFolder(FilePath(folder.path))
    #expect(images.classes == [ClassName(bytes: latin)])
    #expect(images.count == 2)
    let file = ByteBuffer()
    for index in 0..<2 { #expect(try file.contents(of: images[index].path).count == 1) }
    #expect(DataError.notAnImage(path: images[0].path).description.contains(#"caf\xe9/caf\xe9.jpg is not"#))
  }

  @Test func `the advised commands make names equal`() throws {
    write(composed, in: "train")
    write(decomposed, in: "val")
    let folders = (training: folder.file("train"), validation: folder.file("val"))
    try run(
      DataError.classSpelledDifferently(
        composed, decomposed, training: folders.training, validation: folders.validation))
    #expect(try ImageFolderPair(FilePath(folder.path)).classes == [composed])
    write(Array("train".utf8), decomposed.bytes, Array("2.jpg".utf8))
    try run(DataError.classSpelledTwice(decomposed, composed, folder: folders.training))
    #expect(try ImageFolderPair(FilePath(folder.path)).training.count == 2)
  }

  private func run(_ advice: DataError) throws {
    let start = try #require(advice.description.range(of: "mv -n")).lowerBound
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", String(advice.description[start...])]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }

  @Test(.timeLimit(.minutes(1))) func `a pipe named like an image is refused at once`() throws {
    write(Array("a".utf8), Array("1.jpg".utf8))
    let pipe = folder.file("a/2.jpg")
    #expect(pipe.withPlatformString { mkfifo($0, 0o666) } == 0)
    let images = try ImageFolder(FilePath(folder.path))
    let loader = BatchLoader(
      folder: images, transform: EvaluationTransform(size: 8), batchSize: 1, seed: 0, threads: 1)
    loader.start(batches: [[1]], epoch: 0)
    let error = DataError.unreadable(SystemError("open", pipe, ENXIO))
    #expect(throws: error) { try loader.next() }
    #expect(error.description.contains("2.jpg: it is a pipe, a socket or a device, and no file"))
  }

  @Test func `a file that claims terabytes is refused before memory is taken`() throws {
    let path = folder.file("1.jpg")
    try folder.write([0xFF], to: "1.jpg")
    try #require(path.withPlatformString { truncate($0, 1 << 40) } == 0)
    #expect(throws: DataError.unreadable(SystemError("read", path, EFBIG))) {
      try ByteBuffer().contents(of: path)
    }
  }
}
