import Collective
import Foundation
import Recipe
import SystemPackage
import TestSupport
import Testing

@testable import Datasets
@testable import Worker

/// Three ranks, each on a host of its own, that settle whose shards are whose.
@Suite struct HostShardsTests {
  private let temporary: TemporaryFolder

  /// Twelve images in shards of two, as three hosts have them: all, and nothing removed yet.
  init() throws {
    temporary = try TemporaryFolder()
    for number in 0..<12 {
      let path = URL(
        fileURLWithPath: "\(temporary.path)/images/train/\(["a", "b"][number % 2])/\(number).ppm")
      try FileManager.default.createDirectory(
        at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data("P6 1 1 255\n".utf8 + [9, 9, UInt8(number)]).write(to: path)
    }
    for host in 0..<3 { try pack(host) }
  }

  private func folder(_ host: Int) -> String { "\(temporary.path)/host-\(host)" }

  private func pack(_ host: Int, imagesPerShard: Int = 2) throws {
    _ = try DatasetPacker(
      FilePath("\(temporary.path)/images"), to: FilePath(folder(host)), imagesPerShard: imagesPerShard,
      recompression: nil
    ).pack(threads: 1) { _, _, _ in }
  }

  private func keep(_ shards: Set<Int>, on host: Int) throws {
    for shard in Set(0..<6).subtracting(shards) {
      try FileManager.default.removeItem(atPath: "\(folder(host))/train/\(ShardIndex.file(of: shard))")
    }
  }

  /// What each host goes through.
  private func shares() throws -> [HostShare?] {
    let folders = (0..<3).map(folder)
    return try onThreeRanks { rank, group in
      let images = try ImageFolderPair(FilePath(folders[rank]), for: .training).training
      return try HostShare(of: images, ranksOfHost: 1, in: group)
    }
  }

  @Test func `each image is one host's that holds it, and all ranks know how many each has`() throws {
    let kept: [Set<Int>] = [[0, 1, 2, 3], [3, 4], [0, 4, 5]]
    for host in 0..<3 { try keep(kept[host], on: host) }
    let shares = try shares().compactMap(\.self)
    #expect(shares.map(\.images) == [[4, 4, 4], [4, 4, 4], [4, 4, 4]])
    #expect(Set(shares.map(\.digest)).count == 1)
    #expect(shares.flatMap(\.indices).sorted() == Array(0..<12))
    #expect(shares[0].line == "Images by host: 4 on host 0, 4 on host 1, 4 on host 2")
    let memory = FileMemory()
    for (host, share) in shares.enumerated() {
      let images = try ImageFolderPair(FilePath(folder(host)), for: .training).training
      for image in share.indices { #expect(try images.contents(of: image, in: memory).count == 14) }
    }
  }

  @Test func `a shard that no host has is named to all`() throws {
    for host in 0..<3 { try keep([0, 1, 2, 4], on: host) }
    #expect(throws: DataError.self) { try shares() }
    let folders = (0..<3).map(folder)
    let errors = try onThreeRanks { rank, group -> DataError? in
      let images = try ImageFolderPair(FilePath(folders[rank]), for: .training).training
      do { _ = try HostShare(of: images, ranksOfHost: 1, in: group) } catch { return error as? DataError }
      return nil
    }
    for (host, error) in errors.enumerated() {
      #expect(error == .shardsNowhere([3, 5], folder: FilePath("\(folder(host))/train"), hosts: 3))
    }
  }

  @Test func `another pack of the same images is refused`() throws {
    try FileManager.default.removeItem(atPath: folder(2))
    try pack(2, imagesPerShard: 3)
    let failure = #expect(throws: Failure.self) { try shares() }
    #expect(failure?.exitStatus == .badConfiguration)
    #expect(failure?.description.hasPrefix("rank 2 on host 2 has another index.tsv") == true)
  }

  @Test func `one host has all, and images in files of their own are refused`() throws {
    let pair = try ImageFolderPair(FilePath(folder(0)), for: .training)
    #expect(try HostShare(of: pair.training, ranksOfHost: 1, in: SoloGroup()) == nil)
    try pair.requirePacks()
    let loose = try ImageFolderPair(FilePath("\(temporary.path)/images"), for: .training)
    #expect(try HostShare(of: loose.training, ranksOfHost: 1, in: SoloGroup()) == nil)
    let failure = #expect(throws: Failure.self) { try loose.requirePacks() }
    #expect(failure?.exitStatus == .badConfiguration)
    #expect(failure?.description.contains("dataset pack") == true)
  }
}
