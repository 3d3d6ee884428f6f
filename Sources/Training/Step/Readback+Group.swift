import Collective
import Glibc
import Torch

extension Readback {
  /// Waits for the card, and meanwhile watches for another rank's failure, after which a sum with that rank
  /// would never end.
  ///
  /// On a failure it leaves the group and throws.
  func wait(besides group: any ProcessGroup) throws(TrainingError) {
    guard group.size > 1 else { return wait() }
    var rounds = 0
    while !isDone() {
      // Nothing can wake a thread for the card and the other ranks alike, so this polls.
      usleep(50)
      rounds += 1
      guard rounds.isMultiple(of: 20), let failure = group.failureInSight() else { continue }
      group.abandon(because: failure)
      throw .collective(failure)
    }
  }
}
