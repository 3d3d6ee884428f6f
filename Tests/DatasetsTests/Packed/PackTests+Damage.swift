import Foundation
import System
import SystemPackage
import Testing

@testable import Datasets

/// Packs of which something is missing, cut off or changed.
extension PackTests {
  @Test func `a shard that is missing, or cut off before its last image, is not here`() throws {
    try pack()
    let images = try ImageFolderPair(out).training
    let table = try #require(images.shards)
    #expect(table.images == [5, 5, 5, 5, 2])
    #expect(table.presence.whole == [0, 1, 2, 3, 4] && table.presence.isWhole)
    try FileManager.default.removeItem(atPath: "\(out)/train/shard-000003.tar")
    // The class of its last image and the end of the archive follow the image.
    let size = try RegularFile(out.appending("train/shard-000001.tar")).size
    #expect(truncate("\(out)/train/shard-000001.tar", size - 2048) == 0)
    #expect(table.presence.whole == [0, 1, 2, 4])
    #expect(truncate("\(out)/train/shard-000001.tar", size - 2048 - 512) == 0)
    let presence = table.presence
    #expect(presence.whole == [0, 2, 4] && presence.cutOff == [1] && presence.absent == [3])
    #expect(presence.imagesHere == 12 && presence.images == 22 && !presence.isWhole)
    let missing = DataError.missingShard(out.appending("train/shard-000003.tar"))
    let lost = try #require((0..<images.count).first { images.places?[$0].shard == 3 })
    #expect(throws: missing) { try images.contents(of: lost, in: FileMemory()) }
    #expect(try ImageFolderPair(folder).training.shards == nil)
  }

  @Test func `a pack that is here in part is refused as a whole, and one of no split at once`() throws {
    try pack()
    try ImageFolderPair(out).requireWholePacks(isByHost: false)
    for (split, shard) in [("train", 3), ("val", 0), ("val", 4)] {
      try FileManager.default.removeItem(atPath: "\(out)/\(split)/\(ShardIndex.file(of: shard))")
    }
    let both = #expect(throws: DataError.self) {
      try ImageFolderPair(out).requireWholePacks(isByHost: false)
    }
    #expect(
      both?.description.contains("1 of the 5 shards of \(out)/train (shard-000003.tar), and 2 of") == true)
    let alone = try ImageFolderPair(out, for: .trainingAlone).shardPresence
    #expect(alone.map(\.absent) == [[3]], "val/ is not looked at")
    try FileManager.default.removeItem(atPath: "\(out)/val")
    let heldOut = try ImageFolderPair(out, holdingOut: 0.3).shardPresence
    #expect(heldOut.map(\.absent) == [[3]] && heldOut[0].images == 22)
    try ImageFolderPair(folder).requireWholePacks(isByHost: false)
  }

  @Test func `a scan counts the shards that are missing, and looks at the others`() throws {
    try pack()
    for shard in [0, 2] {
      try FileManager.default.removeItem(atPath: "\(out)/train/\(ShardIndex.file(of: shard))")
    }
    let report = try DatasetReport(scanning: out, decoding: true, threads: 2)
    #expect(report.problems.count == 1 && report.damaged.isEmpty, "\(report.problems)")
    #expect(
      report.problems[0].contains(
        "2 of the 5 shards of \(out)/train (shard-000000.tar, shard-000002.tar). Likely the pack is copied in part"
      ))
    let shard = "\(out)/train/shard-000001.tar"
    try Data(Data(contentsOf: URL(fileURLWithPath: shard))[..<512]).write(to: URL(fileURLWithPath: shard))
    #expect(try DatasetReport(scanning: out, decoding: false, threads: 2).damaged.count == 5)
  }

  @Test func `an index that no memory would hold is refused by its size`() throws {
    try temporary.write([], to: "out/train/index.tsv")
    let path = out.appending("train/index.tsv")
    // Sparse: it takes no disk.
    #expect(truncate(path.string, 1 << 43) == 0)
    #expect(
      throws: DataError.malformedIndex(path: path, reason: "it has more than 4294967296 bytes")
    ) {
      try ShardIndex(in: out.appending("train"))
    }
  }

  @Test func `damage is found where it is: in a shard, at its end, in the index`() throws {
    try pack()
    let sound = try DatasetReport(scanning: out, decoding: true, threads: 2)
    #expect(sound.problems.isEmpty)
    #expect(sound.splits.map(\.images) == [22, 22])
    let shard = "\(out)/train/shard-000001.tar"
    var bytes = [UInt8](try #require(FileManager.default.contents(atPath: shard)))
    bytes[600] ^= 1
    try Data(bytes).write(to: URL(fileURLWithPath: shard))
    let report = try DatasetReport(scanning: out, decoding: false, threads: 2)
    #expect(report.problems.count == 1)
    #expect(report.damaged.count == 1)
    #expect(report.problems[0].contains("shard-000001.tar"))
    try Data(bytes[..<512]).write(to: URL(fileURLWithPath: shard))
    #expect(try DatasetReport(scanning: out, decoding: false, threads: 2).damaged.count == 5)
    let index = out.appending("train/index.tsv")
    let lines = try RegularFile.contents(of: index)
    try Data(lines.dropLast(200)).write(to: URL(fileURLWithPath: index.string))
    #expect(throws: DataError.self) { try ImageFolderPair(out) }
    #expect(
      try DatasetReport(scanning: out, decoding: false, threads: 2).problems.contains {
        $0.contains("index.tsv")
      })
  }
}
