import Drawing
import Recipe

/// Decides whether and when a failed attempt is followed by another. Pure: the caller passes the time and a
/// random number.
///
/// Restarts are counted over a sliding window, so a run that was healthy for that long has its full budget
/// again. The delay doubles with every restart in the window, to give a passing fault time.
struct Restarts: Sendable {
  /// How often a run may be restarted.
  struct Budget: Equatable, Sendable {
    var count: Int
    var window = Duration.seconds(3600)
    /// Whether exit statuses and progress show if a restart is useful, which is unknown for a user's program.
    var judgesFailures = true

    /// For work that is not worth repeating, such as a measurement.
    static let none = Budget(count: 0)
  }

  /// The decision after a failed attempt.
  enum Verdict: Equatable, Sendable {
    /// A restart, the `number`th within the window.
    case restart(after: Duration, number: Int)
    /// No restart, and the reason where that needs saying.
    case stop(String?)
  }

  static let shortestDelay = 1.0
  static let longestDelay = 60.0
  /// The number of consecutive attempts without progress after which the run ends.
  static let fruitlessLimit = 3

  private let budget: Budget
  private var starts: [Duration] = []
  private var furthest: Progress?
  private var fruitless = 0
  private var last: Failure?

  init(_ budget: Budget) { self.budget = budget }

  /// What an attempt failed of, whichever rank it was; the same failure twice is expected a third time.
  private struct Failure: Equatable {
    let ending: Ending
    let progress: Progress?
  }

  /// Takes in how an attempt failed and how far it had come, and decides.
  ///
  /// - Parameters:
  ///   - attempt: Its number. What refuses a worker in the first one will again; in a later one it did not before.
  ///   - lacksRoom: Whether its disk had no room for what it was to end with, for as long as it waited.
  ///   - chance: From 0 to 1: by how much the delay is stretched, to twice its length at most.
  mutating func verdict(
    after ending: Ending, in attempt: Int = 0, progress: Progress?, lacksRoom: Bool = false,
    at moment: Duration, chance: Double = 0
  ) -> Verdict {
    let failure = Failure(ending: ending, progress: progress)
    defer { last = failure }
    note(progress)
    starts.removeAll { moment - $0 >= budget.window }

    guard budget.count > 0 else { return .stop(nil) }
    if lacksRoom { return .stop("another attempt would do the same again, and find the disk as full") }
    if let reason = futility(of: failure, in: attempt) { return .stop(reason) }
    guard starts.count < budget.count else {
      return .stop("it was started again \(times(budget.count)) within \(elapsed(budget.window))")
    }
    let delay = delay(after: starts.count, chance)
    starts.append(moment + delay)
    return .restart(after: delay, number: starts.count)
  }

  /// Why another start would be of no use; nil where it may be.
  private func futility(of failure: Failure, in attempt: Int) -> String? {
    if case .exited = failure.ending, !budget.judgesFailures { return nil }
    guard failure.ending.mayPass || failure.ending.isRefusal && attempt > 0 else {
      return "another start would not mend this"
    }
    guard budget.judgesFailures else { return nil }
    // Of a machine that was short of something twice nothing says that it stays so.
    if failure == last, !failure.ending.isRefusal {
      return "it failed in the same way \(place(of: failure.progress)) twice"
    }
    return fruitless >= Self.fruitlessLimit ? "\(Self.fruitlessLimit) attempts in a row got no further" : nil
  }

  private mutating func note(_ progress: Progress?) {
    guard let progress, furthest.map({ progress.step > $0.step }) ?? true else {
      fruitless += 1
      return
    }
    furthest = progress
    fruitless = 0
  }

  private func delay(after earlier: Int, _ chance: Double) -> Duration {
    // 2⁶ exceeds the longest delay.
    let base = Self.shortestDelay * Double(1 << min(earlier, 6))
    return .seconds(min(base * (1 + chance), Self.longestDelay))
  }

  private func place(of progress: Progress?) -> String {
    progress.map { "at step \($0.step)" } ?? "before the first step"
  }

  private func times(_ count: Int) -> String { count == 1 ? "once" : "\(count) times" }
}

extension Ending {
  /// Whether it was not started for want of something that the machine or a disk may have again.
  fileprivate var isRefusal: Bool {
    if case .notStarted(_, let status) = self { status != .software } else { false }
  }

  /// Whether the cause may have passed when the worker is started again.
  var mayPass: Bool {
    switch self {
    // A device that blocks a process also keeps the card that the next one needs.
    case .notStarted, .stuck: return false
    case .killed, .hung: return true
    case .withoutHost(let fault): return fault.kind == .lost
    case .exited(let status):
      switch ExitStatus(rawValue: status) {
      case .usage, .badData, .missingInput, .noDevice, .badConfiguration, .diverged: return false
      case .done, .stoppedEarly: return false
      case .software, .inputOutput, nil: return true
      }
    }
  }
}
