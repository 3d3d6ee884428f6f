import Collective
import Datasets
import Flags
import Foundation
import Recipe
import System
import WorkerLink

extension RunPlan {
  /// Restricts each host to the shards that it has (`--shards-by-host`); all ranks call it together, with
  /// equal images.
  ///
  /// Throws alike on all ranks if a shard is on no host, or none is left for a host to train on.
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

  /// The lines of a check of a start on this host's shards; other hosts may have the rest. Throws if there is
  /// none to train on.
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
  /// A split with images in files of their own; nil if all are in shards.
  var loose: ImageFolder? { [training, validation].first { $0.count > 0 && !$0.isPacked } }

  /// Throws if images have files of their own, which every host must have completely.
  func requirePacks() throws(Failure) {
    guard let loose else { return }
    throw Failure(
      "--shards-by-host: the images in \(loose.root.masked) have files of their own, and no shards. Pack them "
        + "(twins-worker dataset pack FOLDER OUT), or give --no-shards-by-host, and each host all images.",
      exitStatus: .badConfiguration)
  }
}

/// What a rank reports about a split's shards on its host.
private struct ShardHolding: Codable {
  /// The digest of the images' places in the index.
  let index: UInt32
  /// The complete shards.
  let shards: Set<Int>

  init(_ table: ShardTable) { (index, shards) = (table.digest, Set(table.presence.whole)) }
}

extension HostShare {
  /// Settles which images of a split this rank's host uses, from what each rank sees; nil for all images.
  ///
  /// A host has the shards that all its ranks see. Throws alike on all ranks if a shard is on no host, or
  /// ranks have different indexes.
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

  /// The number of images of each host, for the start of a run.
  var line: String {
    let most = images.max() ?? 0
    let each =
      images.count > 4
      ? "\(images.min() ?? 0) to \(most) on each of \(images.count)"
      : images.enumerated().map { "\($1) on host \($0)" }.joined(separator: ", ")
    return "Images by host: \(each)"
  }
}
