import Foundation
import Randomness
import System
import SystemPackage
import Testing

@testable import Datasets

@Suite struct ImportedPackTests {
  private let temporary: TemporaryFolder
  private let images: [[UInt8]]

  init() throws {
    temporary = try TemporaryFolder()
    images = try ["decode/rgb.png", "decode/baseline-420.jpg", "decode/grey.jpg"].map {
      try Fixture.bytes($0)
    }
  }

  private func samples(_ count: Int, from first: Int = 0) -> [(String, [UInt8])] {
    (first..<(first + count)).flatMap {
      [("\($0).jpg", images[$0 % images.count]), ("\($0).cls", Array("\($0 % 2)".utf8))]
    }
  }

  @discardableResult
  private func pack(
    _ source: String, as out: String = "pack", perShard: Int = 2, isPartial: Bool = true
  ) throws -> (ImportTally, [DatasetPacker.Split]) {
    try DatasetImporter(temporary.file(source), to: temporary.file(out), ImportHints())
      .pack(
        imagesPerShard: perShard, recompression: nil, isPartial: isPartial, threads: 1, { _ in },
        progress: { _, _, _ in })
  }

  private func files(_ folder: String) throws -> [String: [UInt8]] {
    var found: [String: [UInt8]] = [:]
    for name in FileManager.default.enumerator(atPath: "\(temporary.path)/\(folder)")?
      .compactMap({ $0 as? String }) ?? []
    where !Folders.isFolder("\(temporary.path)/\(folder)/\(name)") {
      found[name] = try RegularFile.contents(of: temporary.file("\(folder)/\(name)"))
    }
    return found
  }

  /// Every layout that is imported, on a small scale.
  private func writeSource(_ kind: String) throws {
    switch kind {
    case "shards", "compressed":
      for (number, name) in ["train/0", "train/1", "validation/0"].enumerated() {
        let archive = tar(samples(3, from: 3 * number))
        try temporary.write(kind == "shards" ? archive : gzipped(archive), to: "source/\(name).tar")
      }
    case "ilsvrc":
      let training = ["n02", "n01"].enumerated().map { label, name in
        ("\(name)00000\(label).tar", tar((0..<3).map { ("\(name)_\($0).JPEG", images[$0]) }))
      }
      try temporary.write(tar(training), to: "source/ILSVRC2012_img_train.tar")
    case "table":
      for number in 0..<5 { try temporary.write(images[number % 3], to: "deep/\(number)/x.jpg") }
      let rows = (0..<5).map { "deep/\($0)/x.jpg,\($0 % 2),\($0 < 3 ? "train" : "test")" }
      try temporary.write(Array(rows.joined(separator: "\n").utf8), to: "source")
    case "cifar":
      let record = (0..<4).flatMap { label in [UInt8(label % 2)] + (0..<3072).map { UInt8($0 % 251) } }
      for name in ["data_batch_1.bin", "test_batch.bin"] { try temporary.write(record, to: "source/\(name)") }
      try temporary.write(Array("cat\ndog\n".utf8), to: "source/batches.meta.txt")
    default:
      for name in ["b/1.png", "a/deep-er/2.png", "a/deep/1.png", "a/z.png"] {
        try temporary.write(images[0], to: "loose/train/\(name)")
      }
      _ = try DatasetPacker(
        temporary.file("loose"), to: temporary.file("source"), imagesPerShard: 3, recompression: nil
      ).pack(threads: 1) { _, _, _ in }
    }
  }

  @Test(arguments: ["shards", "compressed", "ilsvrc", "table", "cifar", "pack"])
  func `a pack made at once is, to the byte, that of the folder`(kind: String) throws {
    try writeSource(kind)
    let source = kind == "table" ? "source.csv" : "source"
    if kind == "table" {
      try FileManager.default.moveItem(
        atPath: "\(temporary.path)/source", toPath: "\(temporary.path)/source.csv")
    }
    let folder = try DatasetImporter(temporary.file(source), to: temporary.file("folder"), ImportHints())
      .write(isPartial: true) { _ in }
    _ = try DatasetPacker(
      temporary.file("folder"), to: temporary.file("twice"), imagesPerShard: 2, recompression: nil
    ).pack(threads: 1) { _, _, _ in }
    let (_, splits) = try pack(source)
    #expect(splits.map(\.images) == [folder.training.images, folder.validation.images].filter { $0 > 0 })
    let (once, twice) = (try files("pack"), try files("twice"))
    #expect(once.keys.sorted() == twice.keys.sorted())
    #expect(once == twice)
    #expect(once.count > 2 && once.keys.contains("train/index.tsv"))
    #expect(try pack(source).1.allSatisfy(\.wasThere))
    #expect(
      try DatasetReport(scanning: temporary.file("pack/train"), decoding: true, threads: 1).problems == [])
  }

  @Test func `a pack goes on where it was, with the shards that are whole`() throws {
    var generator = KeyedGenerator(seed: 0, stream: .order, epoch: 0)
    // The image of the last shard: samples of class 0 come first.
    let last = generator.permutation(of: 6)[5]
    let sample = [0, 2, 4, 1, 3, 5][last]
    var damaged = samples(6)
    damaged[2 * sample].1 = Array(images[sample % 3].prefix(12))
    try temporary.write(tar(damaged), to: "w.tar")
    #expect(throws: DataError.self) { try pack("w.tar", perShard: 1) }
    #expect(try ShardIndex(in: temporary.file("pack/train")) == nil)
    let kept = (0..<5).map { "pack/train/shard-00000\($0).tar" }
    let before = try kept.map { try status(ofFile: temporary.file($0)).st_ino }
    try temporary.write(tar(samples(6)), to: "w.tar")
    #expect(try pack("w.tar", perShard: 1).1.map(\.wasThere) == [false])
    #expect(try kept.map { try status(ofFile: temporary.file($0)).st_ino } == before)
    try pack("w.tar", as: "anew", perShard: 1)
    #expect(try files("pack") == files("anew"))
  }

  @Test func `what is no image is left out of a pack, and named`() throws {
    try temporary.write(
      tar(samples(2) + [("2.jpg", Array("text".utf8)), ("2.cls", [0x30]), ("3.png", []), ("3.cls", [0x30])]),
      to: "w.tar")
    let (tally, splits) = try pack("w.tar")
    #expect((tally.training.images, tally.unreadable.count, splits.map(\.images)) == (4, 2, [2]))
    #expect(tally.unreadable.first.first == temporary.file("pack/train/00000/w_2.jpg"))
  }

  @Test func `classes that one split lacks are refused, in an earlier import too, and nothing is written`()
    throws
  {
    try temporary.write(tar(samples(2)), to: "w/train/0.tar")
    try temporary.write(tar(samples(1)), to: "w/val/0.tar")
    let error = DataError.unequalClasses("00001", isHeldOut: false, source: temporary.file("w"))
    #expect(throws: error) { try pack("w") }
    #expect(!Folders.isFolder("\(temporary.path)/pack"))
    try pack("w/train")
    #expect(throws: DataError.self) { try pack("w/val") }
    try temporary.write(tar(samples(2)), to: "w/val/0.tar")
    #expect(try pack("w/val").1.map(\.name) == ["val"])
    #expect(try ImageFolderPair(temporary.file("pack")).validation.count == 2)
  }

  @Test func `of an archive that is damaged or not all there no pack is made`() throws {
    try writeSource("ilsvrc")
    let whole = DataError.incomplete(
      split: "train", found: [6, 2], expected: [1_281_167, 1000], source: temporary.file("source"),
      isWritten: false)
    #expect(throws: whole) { try pack("source", isPartial: false) }
    var archive = gzipped(tar(samples(6)))
    archive[200] ^= 1
    try temporary.write(archive, to: "w.tar.gz")
    #expect(throws: DataError.self) { try pack("w.tar.gz") }
    try temporary.write(Array(tar(samples(6)).dropLast(2048)), to: "w.tar")
    #expect(throws: DataError.self) { try pack("w.tar") }
    #expect(!Folders.isFolder("\(temporary.path)/pack"))
    try temporary.write(images[0], to: "pack/train/cat/1.png")
    #expect(throws: DataError.wouldBeHidden(folder: temporary.file("pack/train"))) { try pack("source") }
  }
}
