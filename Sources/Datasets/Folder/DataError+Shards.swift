import System
import SystemPackage

/// Descriptions of errors with a pack's shards, or in making them.
extension DataError {
  var shardDescription: String {
    switch self {
    case .changedImage(let path, let reason, let more):
      """
      \(path.masked) is damaged: \(masked(reason))\(more == 0 ? "" : Self.likewise(more, path)). Likely a disk that fails, or an interrupted copy: copy \
      \(Self.shardName(of: path)) again, or remove the pack and pack anew\(Self.scanOfAll(around: path))
      """
    case .damagedShard(let path, let offset, let reason, let more):
      """
      \(path.masked) is not as it was packed, at byte \(offset): \(reason)\
      \(more == 0 ? "" : ", and so it is in \(counted(more, "more place"))"). Training goes by \
      \(ShardIndex.name) and does not read this; tar and WebDataset do. Copy the shard again, or remove the pack and pack anew
      """
    case .missingIndex(let folder):
      """
      \(folder.masked) has shards and no \(ShardIndex.name), which says what is in them. Likely the pack is copied in part, or was \
      not finished: copy that file too, or give the command again that packed it, which goes on. See what is there: \
      ls \(folder.quoted)
      """
    case .notSplit(let folder):
      """
      no folder train/ in \(folder.named). What is packed has train/CLASS/IMAGE, and may have val/CLASS/IMAGE. A folder that has \
      the classes themselves is divided first: twins-worker dataset split \(folder.quoted) SPLIT --val 0.2 && \
      twins-worker dataset pack SPLIT OUT
      """
    default: ""
    }
  }

  private static func likewise(_ more: Int, _ image: FilePath) -> String {
    "; \(counted(more, "more image")) of \(shardName(of: image)) \(noun(more, "is", "are")) damaged likewise"
  }

  private static func shardName(of image: FilePath) -> String {
    ShardIndex.shard(of: image)?.lastComponent?.string ?? "its shard"
  }
}
