import Collective
import System

/// Prints once for whom a worker started by torchrun waits, if that takes long, since torchrun does not.
final class MeetingNotice {
  static let patience = Duration.seconds(10)

  private let isOver = Monitor(false)
  /// Nil if no thread could be started, which does not matter for meeting.
  private let thread: OwnedThread?

  /// Starts the timer.
  init(_ place: TorchrunPlace) {
    let deadline = ContinuousClock.now + Self.patience
    thread = try? OwnedThread("meeting", takesSignals: false) { [isOver] in
      let isInTime = isOver.wait(until: deadline) { $0 ? true : nil } ?? false
      guard !isInTime, let line = place.waitingLine(absent: place.rendezvous.absentRanks) else { return }
      Console.warn(line)
    }
  }

  /// Ends the notice once all have met, or have failed to.
  func end() {
    isOver.withLock { $0 = true }
    thread?.join()
  }
}

extension TorchrunPlace {
  /// Whom this worker waits for and where to look; nil if nobody is missing.
  ///
  /// - Parameter ranks: The ranks of this host that have not come; nil once all of them have met.
  func waitingLine(absent ranks: [Int]?) -> String? {
    let start = "rank \(rank) has waited \(MeetingNotice.patience.components.seconds) s for "
    guard let ranks else {
      return hosts == 1
        ? nil
        : start
          + "the workers of the other \(hosts - 1) of \(hosts) hosts, which meet at \(masterAddress), port "
          + "\(masterPort): see whether torchrun has started them, and whether that address is reached from there"
    }
    guard !ranks.isEmpty else {
      return start + "the others of this host, which are there: see what they say, or whether one is stopped"
    }
    let names = ranks.map { "rank \($0)" }.joined(separator: ", ")
    return start + "\(names), of this host too: see what it says; it may still look through its images"
  }
}
