import Foundation
import Glibc
import Testing
import WorkerLink

/// Where a kill met a training.
struct Hit {
  let kill: Kill
  /// Of the victim, or of the rank that was watched when the launcher died.
  let phase: Phase
  /// Whether a half-written checkpoint was left.
  let hasCutSave: Bool
  /// Until nobody was left.
  let duration: Duration
}

extension Attempt {
  /// How long the others may live: those of a dead worker get 4 s to end by themselves.
  private static let limit = Duration.seconds(6)

  /// Waits for the moment, kills, and waits until all workers of the attempt are gone.
  func suffer(_ kill: Kill, savingTo folder: String) throws -> Hit {
    try wait(for: kill, savingTo: folder)
    usleep(kill.delay)
    let start = ContinuousClock.now
    switch kill.victim {
    case .launcher: run.send(SIGKILL)
    case .rank(let rank): try #require(workers[rank].map { Glibc.kill($0, SIGKILL) } == 0)
    }
    let phase = state(of: kill.watched).phase
    try waitUntilGone(by: start + Self.limit)
    return Hit(
      kill: kill, phase: kill.victim == .launcher ? phase : state(of: kill.watched).phase,
      hasCutSave: isSaving(to: folder), duration: .now - start)
  }

  private func isNow(_ kill: Kill, _ folder: String) -> Bool {
    let isThere = steps(of: kill.watched) >= kill.step
    return switch kill.moment {
    case .phase(.start): state(of: kill.watched).epoch == nil
    case .phase(let phase): isThere && state(of: kill.watched).phase == phase
    case .save: isThere && isSaving(to: folder)
    }
  }

  /// Whether there is a folder that the first rank has not finished, or has not finished removing.
  private func isSaving(to folder: String) -> Bool {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.contains { $0.hasPrefix(".") && $0.contains(".\(workers[0] ?? 0)-") }
  }

  private func wait(for kill: Kill, savingTo folder: String) throws {
    let deadline = ContinuousClock.now + ProgramRun.patience
    while !isNow(kill, folder) {
      guard run.isRunning, ContinuousClock.now < deadline else {
        throw TestError("\(kill): that moment did not come. Now: \(workers.keys.map(state)) \(run.errors)")
      }
      usleep(20)
    }
  }
}
