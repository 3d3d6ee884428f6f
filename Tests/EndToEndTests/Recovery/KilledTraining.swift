import Collective
import Randomness
import Testing
import WorkerLink

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

  /// One kill in five meets an evaluation and two a save; the phases take turns at the others, from seed to seed.
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
    let aims = (0..<count).map { number in
      let moment = Self.moment(number, of: seed)
      // An evaluation and a save follow even the last of the steps; a step is sure to follow those of earlier epochs alone.
      let isAtEnd = [.save, .phase(.evaluate)].contains(moment)
      let steps = isAtEnd ? Self.steps - 1 : Self.steps - Self.stepsOfEpoch
      return (moment: moment, step: generator.integer(below: steps))
    }
    kills = aims.sorted { $0.step < $1.step }.map { aim in
      Kill(at: aim.moment, after: aim.step, ranks: ranks, by: &generator)
    }
  }

  private static func moment(_ number: Int, of seed: Int) -> Kill.Moment {
    switch (seed + number) % 5 {
    case 0: return .phase(.evaluate)
    case 1, 3: return .save
    default:
      let phases = Phase.allCases.filter { ![.evaluate, .done].contains($0) }
      return .phase(phases[(seed * 3 + number / 2) % phases.count])
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
