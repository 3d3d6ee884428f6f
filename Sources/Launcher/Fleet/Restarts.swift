import Drawing
import Recipe

/// Decides whether a failed attempt is followed by another, and when: pure, told the time and a chance.
///
/// Starts are budgeted over a sliding window, so a run that was healthy for so long has its whole budget again. The
/// delay doubles with every start that the window still holds, so that a fault that passes is given time to.
struct Restarts: Sendable {
  /// How many times a run may be started again.
  struct Budget: Equatable, Sendable {
    var count: Int
    var window = Duration.seconds(3600)
    /// Whether statuses and progress tell if another start is of use: of a program of the user's nobody knows.
    var judgesFailures = true

    /// For what is worth nothing the second time, as a measurement.
    static let none = Budget(count: 0)
  }

  /// What follows a failed attempt.
  enum Verdict: Equatable, Sendable {
    /// The `number`th start of those that the window holds.
    case restart(after: Duration, number: Int)
    /// No other start, and why not, where that needs saying.
    case stop(String?)
  }

  static let shortestDelay = 1.0
  static let longestDelay = 60.0
  /// So many attempts in a row that get no further than the run was before end it.
  static let fruitlessLimit = 3

  private let budget: Budget
  private var starts: [Duration] = []
  private var furthest: Progress?
  private var fruitless = 0
  private var last: Failure?

  init(_ budget: Budget) { self.budget = budget }

  /// What an attempt died of, whichever rank was the one: equal twice, it will be so a third time.
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
    // 2⁶ is beyond the longest delay.
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
    // A device that holds a process holds the card that the next one needs.
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
