import System
public import SystemPackage

/// Which shards of a packed split exist on this host.
public struct ShardPresence: Equatable, Sendable {
  /// The folder of the split.
  public let folder: FilePath
  /// Shards that exist and are long enough for their last image.
  public let whole: [Int]
  /// Shards whose file ends before their last image does.
  public let cutOff: [Int]
  /// Shards that do not exist.
  public let absent: [Int]
  /// The number of images of the split, and of those in complete shards on this host.
  public let images: Int, imagesHere: Int

  /// Whether this host can go through all images.
  public var isWhole: Bool { cutOff.isEmpty && absent.isEmpty }

  var count: Int { whole.count + cutOff.count + absent.count }

  /// A line on what exists and what does not, for a check before a start on several hosts.
  public var line: String {
    let place = folder.masked
    if isWhole { return "Shards here: all \(count) of \(place), with \(counted(images, "image"))" }
    let here =
      whole.isEmpty
      ? "none of the \(count) of \(place)"
      : "\(whole.count) of the \(count) of \(place) (\(Self.ranges(whole))), with \(imagesHere) of its \(counted(images, "image"))"
    let missing = [("cut off", cutOff), ("not here", absent)].filter { !$1.isEmpty }
    return (["Shards here: \(here)"] + missing.map { "\($0): \(Self.ranges($1))" }).joined(separator: "; ")
  }

  /// What is missing, as part of a sentence: `3 of the 6 shards of p/train (shard-000003.tar, …)`.
  var lack: String {
    let lacking = (cutOff + absent).sorted()
    return "\(lacking.count) of the \(counted(count, "shard")) of \(folder.masked) (\(Self.named(lacking)))"
  }

  /// The names of the first few files.
  static func named(_ shards: [Int]) -> String {
    shards.prefix(3).map { ShardIndex.file(of: $0) }.joined(separator: ", ")
      + (shards.count > 3 ? " and \(shards.count - 3) more" : "")
  }

  private static let mostRanges = 12

  /// Ascending numbers with consecutive ones joined: `0–2, 5, 7–9`.
  static func ranges(_ shards: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for shard in shards {
      if let last = ranges.last, last.upperBound + 1 == shard {
        ranges[ranges.count - 1] = last.lowerBound...shard
      } else {
        ranges.append(shard...shard)
      }
    }
    let shown = ranges.prefix(mostRanges)
    let rest = ranges.dropFirst(mostRanges).reduce(0) { $0 + $1.count }
    return shown.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)–\($0.upperBound)" }
      .joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
  }
}
