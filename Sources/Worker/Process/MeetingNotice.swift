import Collective
import System

/// Says once whom a worker that torchrun has started waits for, where that takes long: torchrun says nothing of it.
final class MeetingNotice {
  static let patience = Duration.seconds(10)

  private let isOver = Monitor(false)
  /// Nil where the system gives none, which is no reason not to meet.
  private let thread: OwnedThread?

  /// Begins to count.
  init(_ place: TorchrunPlace) {
    let deadline = ContinuousClock.now + Self.patience
    thread = try? OwnedThread("meeting", takesSignals: false) { [isOver] in
      let isInTime = isOver.wait(until: deadline) { $0 ? true : nil } ?? false
      guard !isInTime, let line = place.waitingLine(absent: place.rendezvous.absentRanks) else { return }
      Console.warn(line)
    }
  }

  /// All have met, or it has come to nothing.
  func end() {
    isOver.withLock { $0 = true }
    thread?.join()
  }
}

extension TorchrunPlace {
  /// Whom this worker waits for and where to look; nil where nobody is missed.
  ///
  /// - Parameter ranks: Those of this host that have not come; nil once all of them have met.
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
