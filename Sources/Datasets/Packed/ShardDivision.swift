import System

/// Which host trains on which shards of a pack, where each host has some of them; a pure value, the same on
/// all ranks.
///
/// A shard goes to one of the hosts that hold it. Shards held by the fewest hosts come first, larger ones
/// before smaller, and each goes to the host with the fewest images so far, so that hosts get nearly equal
/// numbers of images if their shards allow it.
public struct ShardDivision: Equatable, Sendable {
  /// The host of each shard; nil for one without images, or that no host holds.
  let hosts: [Int?]
  /// The number of images of each host.
  public let images: [Int]
  /// The shards with images that no host holds.
  public let missing: [Int]

  /// Divides shards of these numbers of images, of which host h holds `holdings[h]`.
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

  /// A digest that differs where hosts have other shards.
  var digest: UInt32 { hosts.map { $0 ?? -1 }.withUnsafeBytes { CRC32C(of: $0).value } }
}
