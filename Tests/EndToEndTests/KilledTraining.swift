import Board
import Collective
import Randomness
import Testing

/// A training that is killed several times, the same for the same seed.
struct KilledTraining: Sendable, CustomTestStringConvertible {
  let seed: Int
  let ranks: Int
  let transport: TransportName
  let isSharded: Bool
  let checkpointEvery: Int
  let keep: Int
  /// In the order of their steps.
  let kills: [Kill]

  static let epochs = 4
  static let stepsOfEpoch = 6
  static let steps = epochs * stepsOfEpoch

  /// Every second kill meets a save; the sections take turns at the others, from seed to seed.
  init(seed: Int, limit: Int) {
    var generator = KeyedGenerator(seed: UInt64(seed), stream: .order, epoch: 1)
    self.seed = seed
    let ranks = 2 + seed % 3
    self.ranks = ranks
    transport = TransportName.allCases[generator.integer(below: TransportName.allCases.count)]
    isSharded = generator.integer(below: 2) == 0
    checkpointEvery = 1 + generator.integer(below: 4)
    keep = 1 + generator.integer(below: 3)
    let count = min(limit, 6 + generator.integer(below: 5))
    // A save follows even the last of these steps.
    let steps = (0..<count).map { _ in generator.integer(below: Self.steps - 1) }.sorted()
    let sections = Section.allCases.filter { $0 != .done }
    kills = steps.enumerated().map { number, step in
      let isSave = (seed + number).isMultiple(of: 2)
      return Kill(
        at: isSave ? .save : .section(sections[(seed * 3 + number / 2) % sections.count]), after: step,
        ranks: ranks, by: &generator)
    }
  }

  /// As many trainings as it takes for so many kills.
  static func sharing(kills count: Int) -> [KilledTraining] {
    var (all, left) = ([KilledTraining](), count)
    while left > 0 {
      all.append(KilledTraining(seed: all.count, limit: left))
      left -= all[all.count - 1].kills.count
    }
    return all
  }

  /// Flags that change no number.
  var flags: [String] {
    [
      "--transport", transport.rawValue, isSharded ? "--shard-optimizer" : "--no-shard-optimizer",
      "--checkpoint-every", "\(checkpointEvery)", "--keep", "\(keep)",
      // Every failure finds the whole budget and the shortest pause.
      "--max-restarts", "3", "--restart-window", "0.001",
    ]
  }

  var testDescription: String {
    "\(seed): \(ranks) ranks, \(transport)\(isSharded ? ", sharded" : ""), a checkpoint every \(checkpointEvery), "
      + "\(keep) kept; " + kills.map(\.description).joined(separator: ", ")
  }
}
