import Foundation

/// Feeds a reader with changed inputs: a few hundred in every test run, as many as the time allows in `make fuzz`.
///
/// A reader may refuse anything with an error; it must not crash, and no input may take it long. `TWINS_FUZZ_SECONDS`
/// is the time of each reader, those with a number of their own go on up to `TWINS_FUZZ_ROUNDS`, `TWINS_FUZZ_SEED` repeats a run, and in the folder `TWINS_FUZZ_CASES` lies the input
/// that each reader had last: after a crash, the one that did it.
struct Fuzz {
  private let name: String
  private let seed: UInt64
  private let seconds: Double?
  private let rounds: Int
  private let cases: String?

  /// Far more than any input takes, also under a sanitizer on a busy machine.
  private static let patience = Duration.seconds(20)
  private static let fewRounds = 300

  init(_ name: String, environment: [String: String] = ProcessInfo.processInfo.environment) {
    self.name = name
    seed = environment["TWINS_FUZZ_SEED"].flatMap(UInt64.init) ?? 1
    seconds = environment["TWINS_FUZZ_SECONDS"].flatMap(Double.init)
    rounds = environment["TWINS_FUZZ_ROUNDS"].flatMap(Int.init) ?? Self.fewRounds
    cases = environment["TWINS_FUZZ_CASES"]
  }

  /// An input that took too long.
  struct Slow: Error {
    let name: String
    let round: Int
    let duration: Duration
  }

  /// Reads the corpus as it is, and then changed; what `read` throws is a refusal. Where they are counted, as many rounds as
  /// are asked for, however long they take.
  func run(_ corpus: [[UInt8]], isCounted: Bool = false, _ read: ([UInt8]) throws -> Void) throws {
    var mutator = Mutator(seed: seed)
    let end = ContinuousClock.now + .seconds(seconds ?? 0)
    var round = 0
    while isCounted ? round < rounds : seconds == nil ? round < Self.fewRounds : .now < end {
      let bytes = round < corpus.count ? corpus[round] : mutator.changed(corpus)
      if let cases { try Data(bytes).write(to: URL(fileURLWithPath: "\(cases)/\(name).case")) }
      let duration = ContinuousClock().measure { try? read(bytes) }
      guard duration < Self.patience else { throw Slow(name: name, round: round, duration: duration) }
      round += 1
    }
    if seconds != nil { print("\(name): \(round) inputs, seed \(seed)") }
  }
}
