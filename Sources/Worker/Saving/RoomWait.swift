import Collective
import Foundation
import System
import WorkerLink

/// Waits, alike on all ranks, while the first rank's disk has no room for a run's final results.
///
/// These exist only in memory: once there is room they are written, and no epoch is trained twice.
struct RoomWait {
  /// The destination folder.
  let folder: String
  /// The longest wait.
  var patience = Duration.seconds(600)
  /// Seconds between two checks.
  var interval = 1.0

  /// The number of checks after which the write is retried even if no more room shows, since a quota does not
  /// show.
  private static let turns = 15

  /// Retries the write on the first rank once there is more room, until it succeeds, time is over or the run
  /// is asked to stop.
  ///
  /// Every rank must call it, and shows meanwhile that it is alive.
  /// - Parameter failure: Why the first write failed; nil on ranks that write nothing.
  /// - Returns: Why the last write failed; nil if it succeeded.
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
