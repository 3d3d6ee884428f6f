import Synchronization
import Testing
import WorkerLink

/// What the kills of a sweep met, all together.
struct KillTally: Sendable {
  static let shared = Mutex(KillTally())

  private var hits: [Hit] = []
  /// How often a command was given again.
  var commands = 0

  mutating func add(_ hit: Hit) { hits.append(hit) }

  private var saves: [Hit] { hits.filter { $0.kill.moment == .save } }
  private func aimed(at phase: Phase) -> [Hit] { hits.filter { $0.kill.moment == .phase(phase) } }
  private func met(_ phase: Phase) -> Int { aimed(at: phase).filter { $0.phase == phase }.count }

  /// Whether so many kills missed that the sweep proves little; of a few, what share meets is chance.
  var isBlind: Bool {
    guard hits.count >= 40 else { return !saves.contains(where: \.hasCutSave) }
    let phases = Phase.allCases
    return saves.filter(\.hasCutSave).count * 4 < saves.count
      || phases.map(met).reduce(0, +) * 2 < phases.reduce(0) { $0 + aimed(at: $1).count }
      || phases.contains { aimed(at: $0).count >= 5 && met($0) == 0 }
  }
}

extension KillTally {
  /// A line for each phase in which kills fell.
  var text: String {
    let rows = Phase.allCases.map { phase in
      let here = hits.filter { $0.phase == phase }
      let counts = [
        here.count, here.filter { $0.kill.victim == .launcher }.count,
        here.filter { $0.kill.victim == .rank(0) }.count, here.filter(\.hasCutSave).count,
      ]
      return [phase.name] + counts.map(String.init) + ["\(met(phase)) of \(aimed(at: phase).count)"]
    }
    return Self.table([["phase", "kills", "launcher", "rank 0", "saves cut", "aimed and met"]] + rows)
      + "\(hits.count) kills. Saves cut off: \(cut(of: .launcher)) by killing the launcher, "
      + "\(cut(of: .rank(0))) by rank 0, \(cut(of: nil)) by another. The command was given again "
      + "\(commands) times. Until nobody was left: \(hits.map(\.duration).max() ?? .zero) at most."
  }

  private func cut(of victim: Kill.Victim?) -> String {
    let all = saves.filter { hit in
      victim.map { $0 == hit.kill.victim } ?? ![.launcher, .rank(0)].contains(hit.kill.victim)
    }
    return "\(all.filter(\.hasCutSave).count) of \(all.count)"
  }

  private static func table(_ rows: [[String]]) -> String {
    rows.map { row in
      row.map { $0 + String(repeating: " ", count: max(1, 12 - $0.count)) }.joined() + "\n"
    }.joined()
  }
}

/// Tells at the end of a suite what its kills met, and fails where too many of them missed.
struct KillReport: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await function()
    let tally = KillTally.shared.withLock(\.self)
    print(tally.text)
    #expect(!tally.isBlind, "too few kills met what they were aimed at:\n\(tally.text)")
  }
}
