import Drawing
import WorkerLink

/// Finds a worker that makes all the others wait in every step, from the time each spends on its own work.
///
/// Pure. Own work is all of a step but `communicate`, which is where the quicker ones wait for the slowest.
struct StragglerWatch: Sendable {
  /// A worker is slow when its own work takes this much more than the median's.
  static let factor = 1.3
  /// It is named after this many steps in a row.
  static let steps = 50
  /// Steps that are compared at once; a single one says little.
  static let window = 10
  /// Less than this is noise, whatever part of a step it is.
  static let least = Duration.milliseconds(1)

  static let ownWork: [Phase] = [.data, .forward, .backward, .optimizer]

  /// The workers that are slow now.
  private(set) var current: [Straggler] = []

  private var marks: [Int: WorkerStatus] = [:]
  private var streaks: [Int: Int] = [:]
  private var named: Set<Int> = []

  /// Takes in what runs now; the workers that are to be named, each once.
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

  /// Those that were slow over these steps; the others' streaks end.
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
  /// How much longer its own work takes than the median's, as a part of that; nil where theirs takes no time.
  let excess: Double
  /// What costs it most.
  let phase: Phase
  /// How much longer that takes in a step than the median.
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

  /// Time for a phase in one step.
  func time(_ phase: Phase) -> Duration { spent[phase.rawValue] / max(1, steps) }

  /// Time for the own work of one step.
  var ownWork: Duration { StragglerWatch.ownWork.reduce(.zero) { $0 + time($1) } }
}

/// The middle value, the lower of two: with two ranks, the quicker one is the measure.
private func lowerMedian(_ values: [Duration]) -> Duration {
  values.sorted()[(values.count - 1) / 2]
}
