import System
import SystemPackage

/// A WebDataset: tar files in which a sample's parts, `KEY.jpg` and `KEY.cls` or `KEY.json`, follow each
/// other.
///
/// Images are named by shard and key, since keys are often unique only within a shard.
struct WebShards: ImportSource {
  private let shards: [WebShard]
  /// Messages to show before the shards are read.
  private var notes: [String] = []

  /// Makes a source of one shard, whose name or folder tells the split.
  init(_ shard: FilePath, _ hints: ImportHints) {
    let word = WebShard.word(in: shard)
    shards = [
      WebShard(path: shard, isHeldOut: word?.isHeldOut ?? hints.isHeldOut, stem: WebShard.stem(shard))
    ]
  }

  /// Finds the shards in a folder and its subfolders; nil if there are none.
  init?(in folder: FilePath, _ hints: ImportHints) throws(DataError) {
    let walk = ImageWalk(folder)
    let names = walk.leftOut.filter(WebShard.isShard)
    guard !names.isEmpty else { return nil }
    let words = names.map { WebShard.word(in: folder, below: $0) }
    var shards: [WebShard] = []
    for (name, word) in zip(names, words) {
      let path = folder.appending(bytes: name)
      shards.append(
        WebShard(path: path, isHeldOut: word?.isHeldOut ?? hints.isHeldOut, stem: WebShard.stem(path)))
    }
    // Shards with the same name in folders of the same split are distinguished by their folders.
    let alike = Dictionary(grouping: shards.indices) { "\(shards[$0].isHeldOut) \(shards[$0].stem)" }
    for index in alike.values.filter({ $0.count > 1 }).joined() {
      let parents = names[index].split(separator: UInt8(ascii: "/")).dropLast()
      shards[index].stem = (parents.map { String(decoding: $0, as: UTF8.self) } + [shards[index].stem])
        .joined(separator: "_")
    }
    self.shards = shards
    notes = Self.notes(names, shards, words) + walk.failures.map { "not looked into: \($0)" }
  }

  /// Messages on where each folder's shards go, if there are several, and that test images count as held-out
  /// ones.
  private static func notes(_ names: [[UInt8]], _ shards: [WebShard], _ words: [SplitWord?]) -> [String] {
    let folders = names.map { $0[..<($0.lastIndex(of: UInt8(ascii: "/")) ?? 0)] }
    var notes: [String] = []
    if Set(folders).count > 1 {
      for folder in Set(folders).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
        for isHeldOut in [false, true] {
          let count = shards.indices.count { folders[$0] == folder && shards[$0].isHeldOut == isHeldOut }
          guard count > 0 else { continue }
          let place = folder.isEmpty ? "the folder itself" : "\(masked(folder))/"
          notes.append("\(counted(count, "shard")) in \(place): \(ImportPlace.split(isHeldOut))/")
        }
      }
    }
    if words.contains(.validation), words.contains(.test) { notes.append(Self.mixed) }
    return notes
  }

  private static let mixed =
    "val/ gets the shards for testing and those for validation alike; for one of them alone, import its folder by itself"

  var name: String { "WebDataset (\(counted(shards.count, "shard")))" }

  var heeded: Set<ImportHints.Kind> { [.split] }

  var whole: WholeSet? { nil }

  func write(to target: inout some ImportTarget, _ say: (String) -> Void) throws(DataError) {
    for note in notes { say(note) }
    var further = 0
    for (number, shard) in shards.enumerated() {
      further += try shard.write(to: &target, say)
      say("\(shard.isHeldOut ? "val" : "train"): shard \(number + 1) of \(shards.count)")
    }
    if further > 0 {
      say(
        "\(counted(further, "image")) beside KEY.EXT, as KEY.seg.png, \(noun(further, "was", "were")) not taken"
      )
    }
  }
}
