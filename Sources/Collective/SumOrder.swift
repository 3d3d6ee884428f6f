/// In which order the ranks' values of an element are added up; see `docs/algorithms.md`.
///
/// Consecutive ranks form groups. Values are added up within each group, then the groups' sums: so a group can be the ranks of
/// a host, of whose sum alone the other hosts hear, and one host with such groups comes to the same bits.
struct SumOrder: Equatable, Sendable {
  /// The number of ranks.
  let size: Int
  /// The ranks of a group, of which ``size`` is a multiple.
  let group: Int

  /// By default one group of all ranks, which groups of one come to as well.
  init(size: Int, group: Int? = nil) {
    let group = group ?? size
    precondition(size > 0 && group > 0 && size.isMultiple(of: group), "groups of \(group) of \(size) ranks")
    self.size = size
    self.group = group == 1 ? size : group
  }

  /// Whether all ranks are one group.
  var isWhole: Bool { group == size }

  /// The ranks as the sum of a block of `owner` takes them, group after group.
  ///
  /// In a group it starts behind the owner's place and ends there; of the groups, the owner's comes last.
  func ranks(endingWith owner: Int) -> [Int] {
    let groups = size / group
    return (1...groups).flatMap { hop in
      let first = (owner / group + hop) % groups * group
      return (1...group).map { first + (owner + $0) % group }
    }
  }
}
