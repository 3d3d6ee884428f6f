import Drawing
import WorkerLink

/// Finds a worker that makes all the others wait in every step, by the time that each spends on its own work.
///
/// Pure. Own work is every phase of a step but `communicate`, in which the faster ranks wait for the slowest.
struct StragglerWatch: Sendable {
  /// A worker is slow when its own work takes this many times the median.
  static let factor = 1.3
  /// The number of consecutive slow steps after which a worker is reported.
  static let steps = 50
  /// The number of steps compared at once; a single one varies too much.
  static let window = 10
  /// Differences per step below this are noise.
  static let least = Duration.milliseconds(1)

  static let ownWork: [Phase] = [.data, .forward, .backward, .optimizer]

  /// The workers that are slow now.
  private(set) var current: [Straggler] = []

  private var marks: [Int: WorkerStatus] = [:]
  private var streaks: [Int: Int] = [:]
  private var named: Set<Int> = []

  /// Takes in the ranks' current status; returns the workers to report, each only once.
  mutating func look(_ views: [RankView]) -> [Straggler] {
    guard views.count > 1, Set(views.map(\.rank)) == Set(marks.keys) else {
      mark(views)
      return []
    }
    let spans = views.map { Span(rank: $0.rank, from: marks[$0.rank] ?? $0.state, to: $0.state) }
    guard let steps = spans.map(\.steps).min(), steps >= Self.window else { return [] }
    mark(views)
    current = slow(spans).filter { straggler in
      streaks[straggler.rank, default: 0] += steps
      return streaks[straggler.rank, default: 0] >= Self.steps
    }
    return current.filter { named.insert($0.rank).inserted }
  }

  private mutating func mark(_ views: [RankView]) {
    marks = Dictionary(views.map { ($0.rank, $0.state) }) { first, _ in first }
  }

  /// Returns the ranks that were slow over these steps, and resets the count of the others.
  private mutating func slow(_ spans: [Span]) -> [Straggler] {
    let median = lowerMedian(spans.map(\.ownWork))
    return spans.compactMap { span in
      let excess = span.ownWork - median
      guard span.ownWork > median * Self.factor, excess >= Self.least else {
        streaks[span.rank] = 0
        return nil
      }
      return Straggler(span, excess: excess, median: median, among: spans)
    }
  }
}

/// A worker that is slower than the others.
struct Straggler: Equatable, Sendable {
  let rank: Int
  /// The excess of its own work over the median, as a fraction of the median; nil where the median is zero.
  let excess: Double
  /// The phase that costs it most.
  let phase: Phase
  /// How much longer than the median that phase takes per step.
  let cost: Duration

  fileprivate init(_ span: Span, excess: Duration, median: Duration, among spans: [Span]) {
    let costs = StragglerWatch.ownWork.map { phase in
      (phase: phase, cost: span.time(phase) - lowerMedian(spans.map { $0.time(phase) }))
    }
    let worst = costs.max { $0.cost < $1.cost } ?? (.data, excess)
    rank = span.rank
    self.excess = excess / max(median, .nanoseconds(1))
    phase = worst.phase
    cost = worst.cost
  }
}

extension Straggler: CustomStringConvertible {
  /// `42 % slower than the median`
  var summary: String { "\(decimal(excess * 100, 0)) % slower than the median" }

  /// `rank 3 is 42 % slower than the median: data takes 120.5 ms longer in every step`
  var description: String {
    "rank \(rank) is \(summary): "
      + "\(phase.name) takes \(decimal(cost / .milliseconds(1), 1)) ms longer in every step"
  }
}

/// What a rank did between two looks.
private struct Span {
  let rank: Int
  let steps: Int
  private let spent: [Duration]

  init(rank: Int, from first: WorkerStatus, to last: WorkerStatus) {
    self.rank = rank
    steps = last.stepsDone - first.stepsDone
    spent = zip(last.spent, first.spent).map { .nanoseconds(Int64(clamping: $0 - min($0, $1))) }
  }

  /// The time spent in a phase per step.
  func time(_ phase: Phase) -> Duration { spent[phase.rawValue] / max(1, steps) }

  /// The time spent on own work per step.
  var ownWork: Duration { StragglerWatch.ownWork.reduce(.zero) { $0 + time($1) } }
}

/// The median, or the lower of the two middle values: with two ranks the faster one is the reference.
private func lowerMedian(_ values: [Duration]) -> Duration {
  values.sorted()[(values.count - 1) / 2]
}
