import Randomness
import WorkerLink

/// One `kill -9` of a training: whom, and when.
struct Kill: Sendable {
  enum Victim: Equatable {
    case launcher
    case rank(Int)
  }

  enum Moment: Equatable {
    /// While the victim, or of a launcher's workers the watched one, is in a phase.
    case phase(Phase)
    /// While the first rank writes a checkpoint.
    case save
  }

  let moment: Moment
  let victim: Victim
  /// The rank whose phase is looked at.
  let watched: Int
  /// The first moment after so many steps of the run; a start comes when it comes.
  let step: Int
  /// Microseconds from when the moment is seen.
  let delay: UInt32

  init(at moment: Moment, after step: Int, ranks: Int, by generator: inout KeyedGenerator) {
    self.moment = moment
    self.step = step
    let kind = generator.integer(below: 4)
    var rank = generator.integer(below: ranks)
    // Rank 0 alone writes: it has to be met more often than one of many.
    if moment == .save { rank = kind < 3 ? 0 : 1 + generator.integer(below: ranks - 1) }
    if moment == .phase(.checkpoint) { rank = 0 }
    victim = kind == 0 ? .launcher : .rank(rank)
    watched = rank
    delay = UInt32(generator.integer(below: moment.microseconds))
  }
}

extension Kill.Moment {
  /// About how long it lasts; the aim itself takes some tenths of a millisecond.
  fileprivate var microseconds: Int {
    switch self {
    case .phase(.start): 400_000
    case .phase(.forward), .phase(.backward), .phase(.evaluate): 2000
    case .phase: 50
    case .save: 2000
    }
  }
}

extension Kill: CustomStringConvertible {
  var description: String {
    let name =
      switch moment {
      case .phase(let phase): phase.name
      case .save: "save"
      }
    let who =
      switch victim {
      case .launcher: "launcher"
      case .rank(let rank): "rank \(rank)"
      }
    return "\(who) in \(name)" + (moment == .phase(.start) ? "" : " from step \(step)")
  }
}
