/// The images that one host's ranks train on, where each of several hosts has its own images.
///
/// Rank r is on host ⌊r / g⌋ at place r mod g, where g is the number of ranks per host.
public struct HostShare: Equatable, Sendable {
  /// The number of images of each host.
  public let images: [Int]
  /// The number of ranks per host, g; they divide their host's images among them.
  public let ranks: Int
  /// A digest that differs where hosts have other images; the same on all ranks.
  public let digest: UInt32
  /// Whether each image of the set belongs to this host.
  let isOwn: [Bool]

  init(images: [Int], ranks: Int, digest: UInt32, isOwn: [Bool]) {
    precondition(ranks > 0, "a host has at least one rank")
    (self.images, self.ranks, self.digest, self.isOwn) = (images, ranks, digest, isOwn)
  }

  /// Whether an image belongs to this host.
  public func has(_ image: Int) -> Bool { isOwn[image] }

  /// The numbers of this host's images, in ascending order.
  var indices: [Int] { isOwn.indices.filter { isOwn[$0] } }
}
