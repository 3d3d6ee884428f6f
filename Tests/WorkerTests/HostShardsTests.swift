import ArgumentParser
import Collective
import Flags
import Foundation
import Recipe
import SystemPackage
import TestSupport
import Testing
import WorkerLink

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

  private static let (training, evaluation) = (["--no-eval"], ["--eval", "--split", "train"])

  /// What a check of a start finds on one of some hosts, each of which has two ranks.
  private func check(
    _ path: String, _ flags: [String], over saved: SavedValues? = nil, host: Int = 1, of hosts: Int = 3
  ) throws -> (recipe: Recipe, lines: [String]) {
    let link = HostLink(
      hosts: hosts, host: host, address: "127.0.0.1", storeAddress: "127.0.0.1", storePort: 1,
      storeSocket: nil,
      run: "test", generation: 0)
    let sizes = ["WORLD_SIZE": "\(2 * hosts)", "LOCAL_WORLD_SIZE": "2"]
    let placement = RankEnvironment.rehearsal((hosts > 1 ? link.environment : [:]).merging(sizes) { $1 })
    let given = [
      "--data-path", path, "--batch-size", "2", "--output-dir", "\(temporary.path)/out", "--dry-run",
    ]
    let request = try TrainingFlags.parse(given + flags).request()
    let plan = try RunPlan(request, over: saved, for: placement)
    return (plan.recipe, try plan.shardLines(on: placement))
  }

  @Test func `a check of a start says which shards are here, and that others have to have the rest`() throws {
    let byHost = Self.training + ["--shards-by-host"]
    try keep([0, 1, 4], on: 1)
    #expect(
      try check(folder(1), byHost).lines == [
        "Shards here: 3 of the 6 of \(folder(1))/train (0–1, 4), with 6 of its 12 images; not here: 2–3, 5",
        "Each shard that is not here has to be whole on another host, none of which was asked",
      ])
    let whole = ["Shards here: all 6 of \(folder(0))/train, with 12 images"]
    #expect(try check(folder(0), byHost, host: 0).lines == whole)
    #expect(try check(folder(0), byHost, host: 0, of: 1).lines == whole)
    #expect(try check(folder(0), Self.training, host: 0).lines == [])
    try keep([], on: 2)
    #expect(throws: DataError.noShardLeft(host: 2, folder: FilePath("\(folder(2))/train"))) {
      try check(folder(2), byHost, host: 2)
    }
    // A host may have nothing to evaluate.
    #expect(try check(folder(2), Self.evaluation + ["--shards-by-host"], host: 2).lines.count == 2)
  }

  @Test(arguments: [(3, "--no-shards-by-host"), (1, "--no-shards-by-host"), (1, "--shards-by-host")])
  func `a part is refused where a host needs all: without the flag, or as the one host`(
    hosts: Int, flag: String
  ) throws {
    try keep([0, 1, 4], on: 1)
    for purpose in [Self.training, Self.evaluation] {
      let error = #expect(throws: DataError.self) { try check(folder(1), purpose + [flag], of: hosts) }
      let text = error?.description ?? ""
      #expect(text.contains("3 of the 6 shards of \(folder(1))/train"), "\(text)")
      #expect(text.contains("--shards-by-host") && text.contains("--nnodes") == (flag == "--shards-by-host"))
    }
  }

  @Test func `images in files of their own are evaluated whatever shards the run's hosts had`() throws {
    var recipe = Recipe()
    recipe.data.shardsByHost = true
    let saved = SavedValues(of: recipe, source: "checkpoint")
    let loose = "\(temporary.path)/images"
    #expect(try !check(loose, Self.evaluation, over: saved).recipe.data.shardsByHost)
    #expect(try check(folder(1), Self.evaluation, over: saved).recipe.data.shardsByHost)
    #expect(throws: Failure.self) { try check(loose, Self.evaluation + ["--shards-by-host"]) }
    #expect(throws: Failure.self) { try check(loose, Self.training, over: saved) }
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
