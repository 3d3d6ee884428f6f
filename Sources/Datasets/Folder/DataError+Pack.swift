import System
import SystemPackage

/// What is wrong with a packed data set.
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
      the rest, or where each host of a run is to hold a part, train with --shards-by-host. See what is there: \
      ls \(path.removingLastComponent().quoted)
      """
    case .shardsNowhere(let shards, let folder, let hosts):
      """
      \(Self.named(shards)) of \(folder.masked) \(noun(shards.count, "is", "are")) whole on \
      \(hosts == 1 ? "no host" : "none of the \(hosts) hosts"), and under --shards-by-host each shard that \(ShardIndex.name) names \
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

  /// The first few files.
  private static func named(_ shards: [Int]) -> String {
    shards.prefix(3).map { ShardIndex.file(of: $0) }.joined(separator: ", ")
      + (shards.count > 3 ? " and \(shards.count - 3) more" : "")
  }
}
