import Board
import Checkpoint
import Collective

extension Optional<CheckpointWriter> {
  /// Waits, on all ranks alike, until the first rank's writer is free; false where that takes longer than `patience`.
  ///
  /// Every rank must call it, and shows in between that it is alive. Only the first rank has a writer.
  func isFree(
    for group: any ProcessGroup, within patience: Duration, _ enter: (Section) -> Void = { _ in }
  ) throws(CollectiveError) -> Bool {
    let end = ContinuousClock.now + patience
    while true {
      enter(.checkpoint)
      let rest = end - .now
      let isFree = self?.wait(within: min(rest, .seconds(1))) ?? true
      enter(.communicate)
      let answers = try group.allGather([isFree ? 1 : rest > .zero ? 2 : 0])
      if answers[0] != [2] { return answers[0] == [1] }
    }
  }
}
