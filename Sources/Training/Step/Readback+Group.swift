import Collective
import Glibc
import Torch

extension Readback {
  /// Waits, and meanwhile looks for a failure of another rank: a sum in which that one has no part never ends.
  ///
  /// Throws where there is one, and leaves the group.
  func wait(besides group: any ProcessGroup) throws(TrainingError) {
    guard group.size > 1 else { return wait() }
    var rounds = 0
    while !isDone() {
      // Nothing wakes a thread for the card and for the other ranks alike.
      usleep(50)
      rounds += 1
      guard rounds.isMultiple(of: 20), let failure = group.failureInSight() else { continue }
      group.abandon(because: failure)
      throw .collective(failure)
    }
  }
}
