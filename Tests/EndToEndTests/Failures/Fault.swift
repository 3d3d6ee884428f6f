import Collective
import Randomness
import Testing

/// A fault at a random moment of a run that does nothing but add up, the same for the same seed.
struct Fault: Sendable, CustomTestStringConvertible {
  enum Kind: CaseIterable {
    case killedWorker
    case stoppedWorker
    case killedLauncher
  }

  let seed: Int
  let kind: Kind
  let size: Int
  let rank: Int
  let transport: TransportName
  /// Microseconds after the rank's process is there: it may be starting, meeting the others or adding up.
  let delay: UInt32

  /// How long a worker of these runs may be silent; a rank is given ten seconds to join.
  static let silence = 1

  /// Three seeds in a row have three kinds.
  init(seed: Int) {
    var generator = KeyedGenerator(seed: UInt64(seed), stream: .order, epoch: 0)
    self.seed = seed
    kind = Kind.allCases[seed % Kind.allCases.count]
    size = 2 + generator.integer(below: 5)
    rank = generator.integer(below: size)
    transport = TransportName.allCases[generator.integer(below: TransportName.allCases.count)]
    delay = UInt32(generator.integer(below: 2_000_000))
  }

  var arguments: [String] {
    [
      "bench", "all-reduce", "--nproc", "\(size)", "--transport", transport.rawValue,
      "--hang-timeout", "\(Self.silence)", "--megabytes", "2", "--repeats", "1000000",
    ]
  }

  /// How long everybody may take to be gone.
  var limit: Duration {
    switch kind {
    case .killedWorker, .killedLauncher: .seconds(5)
    case .stoppedWorker: .seconds(Self.silence + 10 + 5)
    }
  }

  var testDescription: String {
    "\(seed): \(kind), rank \(rank) of \(size), \(transport), after \(delay / 1000) ms"
  }
}
