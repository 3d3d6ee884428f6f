import Board
import Randomness

/// One `kill -9` of a training: whom, and when.
struct Kill: Sendable {
  enum Victim: Equatable {
    case launcher
    case rank(Int)
  }

  enum Moment: Equatable {
    /// While the victim, or of a launcher's workers the watched one, is in a section.
    case section(Section)
    /// While the first rank writes a checkpoint.
    case save
  }

  let moment: Moment
  let victim: Victim
  /// The rank whose section is looked at.
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
    if moment == .section(.checkpoint) { rank = 0 }
    victim = kind == 0 ? .launcher : .rank(rank)
    watched = rank
    delay = UInt32(generator.integer(below: moment.microseconds))
  }
}

extension Kill.Moment {
  /// About how long it lasts; the aim itself takes some tenths of a millisecond.
  fileprivate var microseconds: Int {
    switch self {
    case .section(.start): 400_000
    case .section(.forward), .section(.backward), .section(.evaluate): 2000
    case .section: 50
    case .save: 2000
    }
  }
}

extension Kill: CustomStringConvertible {
  var description: String {
    let name =
      switch moment {
      case .section(let section): section.name
      case .save: "save"
      }
    let who =
      switch victim {
      case .launcher: "launcher"
      case .rank(let rank): "rank \(rank)"
      }
    return "\(who) in \(name)" + (moment == .section(.start) ? "" : " from step \(step)")
  }
}
