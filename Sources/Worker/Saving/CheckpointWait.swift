import Board
import Checkpoint
import Collective

/// What the first rank says of its writer.
private enum WriterAnswer: UInt8 {
  case isFree
  case isBusy
  case isTooSlow
}

/// Waits, on all ranks alike, until the first rank's writer is free; false where that takes longer than `patience`.
///
/// Every rank must call it, and shows in between that it is alive. Only the first rank has a writer.
func firstRankIsFree(
  _ writer: CheckpointWriter?, in group: any ProcessGroup, within patience: Duration,
  _ enter: (Section) -> Void = { _ in }
) throws(CollectiveError) -> Bool {
  let end = ContinuousClock.now + patience
  while true {
    enter(.checkpoint)
    let rest = end - .now
    let isFree = writer?.wait(within: min(rest, .seconds(1))) ?? true
    let own: WriterAnswer = isFree ? .isFree : rest > .zero ? .isBusy : .isTooSlow
    enter(.communicate)
    let first = try group.allGather([own.rawValue])[0]
    if first != [WriterAnswer.isBusy.rawValue] { return first == [WriterAnswer.isFree.rawValue] }
  }
}
