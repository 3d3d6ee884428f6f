import System
import SystemPackage

/// Descriptions of errors with a packed data set.
extension DataError {
  var packDescription: String {
    switch self {
    case .malformedIndex(let path, let reason):
      """
      \(path.masked) cannot be used as the index of a packed data set: \(reason). Copy it again, or remove it and pack again: \
      twins-worker dataset pack FOLDER OUT
      """
    case .otherPack(let folder):
      """
      \(folder.masked) holds a pack of other images, or one made with other settings. Choose another folder, or remove \
      it. See what it was made of: head -1 \(folder.appending(ShardIndex.name).quoted)
      """
    case .missingShard(let path):
      """
      no such file: \(path.masked), of which \(ShardIndex.name) beside it has images. Likely the pack is copied in part: copy \
      the rest, or where each host of a run is to hold a part, start it with --shards-by-host. See what is there: \
      ls \(path.removingLastComponent().quoted)
      """
    case .incompletePacks(let packs, let isByHost):
      """
      missing or cut off: \(packs.map(\.lack).joined(separator: ", and ")). Likely the pack is copied in part: copy the rest, or \
      \(isByHost
        ? "start with --nnodes on all hosts that have some: --shards-by-host found no other host here"
        : "where each of several hosts is to have a part, start the run on all of them with --shards-by-host"). \
      See what is there: \(packs.first.map { "ls -l \($0.folder.quoted)" } ?? "")
      """
    case .shardsNowhere(let shards, let folder, let hosts):
      """
      \(ShardPresence.named(shards)) of \(folder.masked) \(noun(shards.count, "is", "are")) whole on \
      none of the \(hosts) hosts, and under --shards-by-host each shard that \(ShardIndex.name) names \
      has to be on one at least. Likely a copy is missing or cut off: copy it to one of them, and start again. See what a host has: \
      ls -l \(folder.quoted)
      """
    case .noShardLeft(let host, let folder):
      """
      host \(host) has no shard of \(folder.masked) to train on: it holds none, or there are fewer than hosts. Copy some to \
      it, or pack into smaller ones: twins-worker dataset pack FOLDER OUT --shard-images N. See what it has: \
      ls -l \(folder.quoted)
      """
    default: ""
    }
  }
}
