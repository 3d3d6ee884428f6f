import Collective
import Foundation
import System
import WorkerLink

/// Waits, on all ranks alike, while the first rank's disk has no room for what a run ends with.
///
/// That lies in memory alone: whoever makes room has it, and no epoch is trained twice.
struct RoomWait {
  /// The folder that it is to be written to.
  let folder: String
  /// For how long.
  var patience = Duration.seconds(600)
  /// Seconds between two looks.
  var interval = 1.0

  /// Looks after which the write is tried again, though no more room is to be seen: a quota is none of the disk's.
  private static let turns = 15

  /// Writes again, on the first rank, once there is more room, until that succeeds, time is over or somebody asks the run to stop.
  ///
  /// Every rank must call it, and shows in between that it is alive.
  /// - Parameter failure: Why it was not written at first; nil on ranks that write nothing.
  /// - Returns: Why it was not written at last; nil where it was.
  func settle(
    _ failure: Failure?, in group: any ProcessGroup, _ enter: (Phase) -> Void = { _ in },
    writingAgain write: () -> Failure?
  ) throws(CollectiveError) -> Failure? {
    var failure = failure
    var free = space
    let end = ContinuousClock.now + patience
    var turn = 0
    while true {
      let waits = failure?.isForWantOfRoom == true && .now < end && !StopSignal.isRequested
      enter(.communicate)
      guard try group.allGather([waits ? 1 : 0]).contains([1]) else { return failure }
      enter(.checkpoint)
      turn += 1
      guard waits else { continue }
      if turn == 1, let failure { Console.warn(notice(of: failure)) }
      Thread.sleep(forTimeInterval: interval)
      guard space != free || turn % Self.turns == 0 else { continue }
      failure = write()
      free = space
      if failure == nil { Console.warn("note: there is room now, and the weights are written") }
    }
  }

  private var space: Int? { FileSystemSpace(around: folder)?.free }

  private func notice(of failure: Failure) -> String {
    "warning: the run is trained, and its weights are in memory alone: \("\(failure)".asSentence) Up to "
      + "\(counted(Int(patience / .seconds(60)), "minute")) are waited for room; a request to stop ends that, without them."
  }
}
