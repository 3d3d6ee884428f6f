import Collective
import Datasets
import Flags
import Foundation
import Recipe
import System
import WorkerLink

extension RunPlan {
  /// Has each host go through the shards that it has: `--shards-by-host`; all ranks call it together, with images that are alike.
  ///
  /// Throws on all ranks alike where a shard is on no host, or none is left for a host to train on.
  mutating func divideShards(among rank: Rank) throws {
    guard recipe.data.shardsByHost else { return }
    let ranks = rank.environment.localWorldSize
    data = data.shared(
      training: try HostShare(of: data.training, ranksOfHost: ranks, in: rank.group),
      validation: try HostShare(of: data.validation, ranksOfHost: ranks, in: rank.group))
    if let host = data.training.share?.images.firstIndex(of: 0) {
      throw DataError.noShardLeft(host: host, folder: data.training.root)
    }
  }

  /// What a check of a start says of the shards on this host, whose rest others may have; throws where it has none to train on.
  func shardLines(on environment: RankEnvironment) throws(DataError) -> [String] {
    guard recipe.data.shardsByHost else { return [] }
    let found = data.shardPresence
    if settings.trains, let host = environment.hosts?.host,
      found.contains(where: { $0.folder == data.training.root && $0.whole.isEmpty })
    {
      throw .noShardLeft(host: host, folder: data.training.root)
    }
    let isWhole = found.allSatisfy(\.isWhole)
    return found.map(\.line)
      + (isWhole
        ? [] : ["Each shard that is not here has to be whole on another host, none of which was asked"])
  }
}

extension ImageFolderPair {
  /// A split whose images have files of their own; nil where all lie in shards.
  var loose: ImageFolder? { [training, validation].first { $0.count > 0 && !$0.isPacked } }

  /// Throws where images have files of their own, of which a host has to have all.
  func requirePacks() throws(Failure) {
    guard let loose else { return }
    throw Failure(
      "--shards-by-host: the images in \(loose.root.masked) have files of their own, and no shards. Pack them "
        + "(twins-worker dataset pack FOLDER OUT), or give --no-shards-by-host, and each host all images.",
      exitStatus: .badConfiguration)
  }
}

/// What a rank says of the shards of a split on its host.
private struct ShardHolding: Codable {
  /// Of where the index has the images.
  let index: UInt32
  /// Those that are whole.
  let shards: Set<Int>

  init(_ table: ShardTable) { (index, shards) = (table.digest, Set(table.presence.whole)) }
}

extension HostShare {
  /// What this rank's host goes through of a split, as all ranks settle it from what each sees; nil for all images.
  ///
  /// A host holds what all of its ranks see. Throws on all ranks alike where a shard is on no host, or ranks have other indexes.
  init?(of images: ImageFolder, ranksOfHost ranks: Int, in group: any ProcessGroup) throws {
    guard let table = images.shards else { return nil }
    let said = try group.allGather(Array(try JSONEncoder().encode(ShardHolding(table))))
      .map { try JSONDecoder().decode(ShardHolding.self, from: Data($0)) }
    if let rank = said.firstIndex(where: { $0.index != said[0].index }) {
      throw Failure(
        "rank \(rank) on host \(rank / ranks) has another index.tsv in \(images.root.masked) than rank 0, of another pack of "
          + "the same images: give all hosts the index and the shards of one.", exitStatus: .badConfiguration)
    }
    let holdings = stride(from: 0, to: said.count, by: ranks).map { first in
      said[first..<first + ranks].dropFirst().reduce(said[first].shards) { $0.intersection($1.shards) }
    }
    let division = ShardDivision(table.images, heldBy: holdings)
    guard division.missing.isEmpty else {
      throw DataError.shardsNowhere(division.missing, folder: images.root, hosts: holdings.count)
    }
    guard holdings.count > 1 else { return nil }
    self = images.share(of: group.rank / ranks, in: division, ranks: ranks)
  }

  /// How many images each host goes through, for the start.
  var line: String {
    let most = images.max() ?? 0
    let each =
      images.count > 4
      ? "\(images.min() ?? 0) to \(most) on each of \(images.count)"
      : images.enumerated().map { "\($1) on host \($0)" }.joined(separator: ", ")
    return "Images by host: \(each)"
  }
}
