import Foundation
import System
import SystemPackage
import TestSupport
import Testing

@testable import Datasets

/// What becomes of a pack after it was made, and what of one that could not be made.
@Suite struct ShardCheckTests {
  private let temporary: TemporaryFolder
  private var folder: FilePath { temporary.file("folder") }
  private var out: FilePath { temporary.file("out") }
  private var shard: String { "\(out)/train/shard-000000.tar" }

  init() throws {
    temporary = try TemporaryFolder()
    let images = ["decode/rgb.png", "decode/baseline-420.jpg", "decode/grey.jpg", "evaluation/landscape.jpg"]
    for number in 0..<12 {
      // No two of them alike.
      let bytes = try Fixture.bytes(images[number % 4]) + "\(number)".utf8
      if number < 3 {
        try temporary.write(bytes + [0], to: "folder/val/\(["a", "b", "c"][number])/\(number).jpg")
      }
      try temporary.write(bytes, to: "folder/train/\(["a", "b", "c"][number % 3])/\(number).jpg")
    }
  }

  private func pack(
    to place: FilePath? = nil, perShard: Int = 6, _ recompression: Recompression? = nil, threads: Int = 2
  ) throws {
    _ = try DatasetPacker(folder, to: place ?? out, imagesPerShard: perShard, recompression: recompression)
      .pack(threads: threads) { _, _, _ in }
  }

  private func report() throws -> DatasetReport {
    try DatasetReport(scanning: out, decoding: false, threads: 2)
  }

  private func change(_ body: (inout [UInt8]) throws -> Void) throws {
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: shard)))
    try body(&bytes)
    try Data(bytes).write(to: URL(fileURLWithPath: shard))
  }

  /// Where the parts of a shard's first image are.
  private func places() throws -> (rest: Int, header: Int, content: Int, label: Int) {
    let images = try ImageFolderPair(out, for: .training).training
    let first = try #require(
      (0..<images.count).first { images.places?[$0].shard == 0 && images.places?[$0].offset == 512 })
    let place = try #require(images.places?[first])
    let rest = place.offset + Int(place.length)
    let header = (rest + 511) / 512 * 512
    return (rest, header, header + 512, images.label(at: first))
  }

  /// One damage, and what is said of it.
  enum Damage: CaseIterable {
    case mode, name, classHeader, label, padding, endMark, halfAnEnd, more, two

    var sentence: String {
      switch self {
      case .mode: "the header of image 0000000"
      case .name: "the header there is not that of image 0000000"
      case .classHeader: ".cls is cut off or changed (its checksum is another)"
      case .label: ".cls has \"7\", and index.tsv class "
      case .padding: "what fills the block behind image 0000000"
      case .endMark, .halfAnEnd: "the mark of its end is not there"
      case .more: "something follows its end"
      case .two: "and so it is in 1 more place"
      }
    }
  }

  @Test(arguments: Damage.allCases)
  func `a shard that is another archive is one problem, though training would not see it`(damage: Damage)
    throws
  {
    try pack()
    #expect(try report().problems.isEmpty)
    let place = try places()
    try change { bytes in
      switch damage {
      case .mode: bytes[103] ^= 1
      case .name:
        // With a checksum that is right.
        bytes.swapAt(0, 8)
        if bytes[0] == bytes[8] { (bytes[0], bytes[8]) = (bytes[0] + 1, bytes[8] - 1) }
      case .classHeader: bytes[place.header + 2] ^= 4
      case .label: bytes[place.content] = UInt8(ascii: "7")
      case .padding: bytes[place.rest] = 1
      case .endMark: bytes.removeLast(1024)
      case .halfAnEnd: bytes.removeLast(512)
      case .more: bytes.append(0)
      case .two:
        bytes[103] ^= 1
        bytes[bytes.count - 1] = 1
      }
    }
    let found = try report()
    #expect(found.problems.count == 1 && found.damaged.isEmpty, "\(found.problems)")
    #expect(found.problems[0].contains("train/shard-000000.tar is not as it was packed, at byte "))
    #expect(found.problems[0].contains(damage.sentence), "\(found.problems[0])")
    // The images are those that were packed.
    let images = try ImageFolderPair(out, for: .training).training
    for index in 0..<images.count { _ = try images.contents(of: index, in: FileMemory()) }
  }

  @Test func `an image whose bytes are others is copied again with its shard, and not fetched`() throws {
    try pack()
    try change { $0[600] ^= 1 }
    let problem = try #require(report().problems.first)
    #expect(problem.contains("(CRC-32C)") && problem.contains("copy shard-000000.tar again"), "\(problem)")
    #expect(!problem.contains("remove it"))
    #expect(try report().damaged.count == 1)
    let packedSo = DataError.damagedImage(
      path: out.appending("train/shard-000003.tar/a/1.jpg"), reason: "cut")
    #expect(packedSo.description.contains("in the folder that was packed, and pack that anew"))
  }

  @Test func `a shard that is cut off is one problem, however many images it had`() throws {
    try pack()
    try change { $0.removeSubrange(600...) }
    let found = try report()
    #expect(found.problems.count == 1 && found.damaged.count == 6, "\(found.problems)")
    #expect(
      found.problems[0].contains(
        "its shard ends before it does; 5 more images of shard-000000.tar are damaged likewise"))
    // One that is changed as well is another matter.
    let other = DataError.changedImage(path: out.appending("train/shard-000001.tar/a/1.jpg"), reason: "other")
    let cut = (0..<3).map {
      DataError.changedImage(path: out.appending("train/shard-000001.tar/b/\($0).jpg"), reason: "cut")
    }
    #expect(
      [cut[0], other, cut[1], cut[2]].onceAShard == [
        .changedImage(path: out.appending("train/shard-000001.tar/b/0.jpg"), reason: "cut", more: 2), other,
      ])
  }

  @Test func `shards are the same bytes from any number of threads, also where one holds all`() throws {
    let smaller = Recompression(longestSide: 100, quality: 90)
    try pack(perShard: 100, smaller, threads: 1)
    let one = try Data(contentsOf: URL(fileURLWithPath: shard))
    for threads in [2, 5, 40] {
      let other = temporary.file("out-\(threads)")
      try pack(to: other, perShard: 100, smaller, threads: threads)
      #expect(try Data(contentsOf: URL(fileURLWithPath: "\(other)/train/shard-000000.tar")) == one)
      #expect(Folders.names(in: "\(other)/train").sorted() == ["index.tsv", "shard-000000.tar"])
    }
  }

  @Test(.enabled(if: SmallDisk.isPossible))
  func `a full disk keeps the shards that are whole and no others, and is what the advice is about`() throws {
    try pack(perShard: 3)
    let size = try RegularFile(FilePath(shard)).size
    try SmallDisk.run(size: "\(size * 2 / 1024 + 8)k") { [folder] disk in
      let place = FilePath("\(disk.path)/out")
      let error = #expect(throws: DataError.self) {
        try DatasetPacker(folder, to: place, imagesPerShard: 3, recompression: nil).pack(threads: 1) {
          _, _, _ in
        }
      }
      guard case .noRoom(let path, "No space left on device") = error else {
        return #expect(Bool(false), "\(String(describing: error))")
      }
      #expect(path.removingLastComponent() == place.appending("train"))
      #expect(error?.description.contains("df -h \(place)/train") == true && error?.isWriteFailure == true)
      let left = Folders.names(in: "\(place)/train")
      #expect(left.contains("shard-000000.tar") && !left.contains { $0.hasSuffix(".unfinished") }, "\(left)")
    }
  }

  @Test func `a pack whose index is gone is told so, by training, scan and a part held out`() throws {
    try pack()
    try FileManager.default.removeItem(atPath: "\(out)/train/index.tsv")
    let missing = DataError.missingIndex(folder: out.appending("train"))
    #expect(throws: missing) { try ImageFolderPair(out, for: .training) }
    #expect(try report().problems == [missing.description])
    try FileManager.default.removeItem(atPath: "\(out)/val")
    #expect(throws: missing) { try ImageFolderPair(out, holdingOut: 0.2) }
    #expect(missing.description.contains("has shards and no index.tsv") && missing.isMissingInput)
  }

  @Test func `a folder of classes is not packed, and the advice divides it`() throws {
    let classes = folder.appending("train")
    let packer = DatasetPacker(classes, to: out, imagesPerShard: 5, recompression: nil)
    let error = DataError.notSplit(folder: classes)
    #expect(throws: error) { try packer.pack(threads: 1) { _, _, _ in } }
    #expect(error.description.contains("twins-worker dataset split \(classes) SPLIT --val 0.2"))
    #expect(!error.description.contains("--val-split"))
  }
}
