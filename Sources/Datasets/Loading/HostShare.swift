/// The images that the ranks of one host go through, where each of several hosts has its own.
///
/// Rank r is on host ⌊r / g⌋, where g is the number of ranks of a host, and its place there is r mod g.
public struct HostShare: Equatable, Sendable {
  /// How many images each host has.
  public let images: [Int]
  /// How many ranks each host has, g: they divide its images as all ranks do those of a whole set.
  public let ranks: Int
  /// A number that differs where hosts have other images; the same on all ranks.
  public let digest: UInt32
  /// Whether each image of the set is one of this host's.
  let isOwn: [Bool]

  init(images: [Int], ranks: Int, digest: UInt32, isOwn: [Bool]) {
    precondition(ranks > 0, "a host has at least one rank")
    (self.images, self.ranks, self.digest, self.isOwn) = (images, ranks, digest, isOwn)
  }

  /// Whether an image is one that this host goes through.
  public func has(_ image: Int) -> Bool { isOwn[image] }

  /// The numbers of this host's images, which rise.
  var indices: [Int] { isOwn.indices.filter { isOwn[$0] } }
}
