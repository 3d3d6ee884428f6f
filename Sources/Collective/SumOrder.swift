/// The order in which the ranks' values of an element are added; see `docs/algorithms.md`.
///
/// Consecutive ranks form groups. Values are first added within each group, then the groups' sums are added.
/// If the ranks of a host are one group, hosts need to exchange only their sums, and one host with groups of
/// that size computes the same bits.
struct SumOrder: Equatable, Sendable {
  /// The number of ranks.
  let size: Int
  /// The number of ranks in a group, which divides ``size``.
  let group: Int

  /// Makes an order; by default all ranks are one group, which is also what groups of one rank amount to.
  init(size: Int, group: Int? = nil) {
    let group = group ?? size
    precondition(size > 0 && group > 0 && size.isMultiple(of: group), "groups of \(group) of \(size) ranks")
    self.size = size
    self.group = group == 1 ? size : group
  }

  /// Whether all ranks are one group.
  var isWhole: Bool { group == size }

  /// The ranks in the order in which the sum of a block of `owner` takes them, group after group.
  ///
  /// Within a group the sum starts after the owner's place and ends with it; the owner's group comes last.
  func ranks(endingWith owner: Int) -> [Int] {
    let groups = size / group
    return (1...groups).flatMap { hop in
      let first = (owner / group + hop) % groups * group
      return (1...group).map { first + (owner + $0) % group }
    }
  }
}
