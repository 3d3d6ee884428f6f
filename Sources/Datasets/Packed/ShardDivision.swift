import System

/// Which host goes through which shards of a pack, where each has a part of them; pure, and the same on all ranks.
///
/// A shard goes to one of the hosts that hold it. Those that the fewest hold come first, of these the largest, and each goes to the
/// host that has the fewest images so far: so hosts get as many images each as what they hold allows, or nearly.
public struct ShardDivision: Equatable, Sendable {
  /// The host of each shard, by the shard's number; nil for one without images, or that nobody holds.
  let hosts: [Int?]
  /// How many images each host has.
  public let images: [Int]
  /// The shards with images that no host holds.
  public let missing: [Int]

  /// Divides shards of so many images each, of which each host holds those of these numbers.
  public init(_ sizes: [Int], heldBy holdings: [Set<Int>]) {
    let holders = sizes.indices.map { shard in holdings.indices.filter { holdings[$0].contains(shard) } }
    let order = sizes.indices.filter { sizes[$0] > 0 }.sorted { one, other in
      (holders[one].count, -sizes[one], one) < (holders[other].count, -sizes[other], other)
    }
    var hosts = [Int?](repeating: nil, count: sizes.count)
    var images = holdings.map { _ in 0 }
    for shard in order {
      guard let host = holders[shard].min(by: { (images[$0], $0) < (images[$1], $1) }) else { continue }
      hosts[shard] = host
      images[host] += sizes[shard]
    }
    (self.hosts, self.images) = (hosts, images)
    missing = order.filter { hosts[$0] == nil }.sorted()
  }

  /// A number that differs where hosts have other shards.
  var digest: UInt32 { hosts.map { $0 ?? -1 }.withUnsafeBytes { CRC32C(of: $0).value } }
}
