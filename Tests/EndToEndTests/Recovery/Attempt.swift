@testable import WorkerLink
import Foundation
import Glibc

/// The workers of one attempt of a run, and what they say of themselves, seen from outside.
final class Attempt {
  let run: ProgramRun
  let workers: [Int: pid_t]
  private let board: StatusMemory
  private let processes: ProcessHandles

  /// Nil while the workers of an attempt are not all there yet.
  init?(of run: ProgramRun, ranks: Int, after earlier: Attempt?) {
    let workers = run.workers
    guard workers.count == ranks,
      Set(workers.values).isDisjoint(with: earlier?.workers.values.map(\.self) ?? []),
      let board = StatusMemory(of: run.identifier)
    else { return nil }
    self.run = run
    self.workers = workers
    self.board = board
    processes = ProcessHandles(workers)
  }

  func waitUntilGone(by deadline: ContinuousClock.Instant) throws {
    try processes.waitUntilGone(by: deadline)
  }

  /// What a rank said last, be it dead.
  func state(of rank: Int) -> WorkerStatus { board.read(rank)?.state ?? WorkerStatus() }

  /// Steps of the run that a rank has made; none before its first epoch.
  func steps(of rank: Int) -> Int {
    let state = state(of: rank)
    return state.epoch.map { $0 * KilledTraining.stepsOfEpoch + state.step } ?? 0
  }
}

extension StatusMemory {
  /// The board that a running launcher has open.
  fileprivate convenience init?(of launcher: pid_t) {
    let folder = "/proc/\(launcher)/fd"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let found = names.map { "\(folder)/\($0)" }.first {
      (try? FileManager.default.destinationOfSymbolicLink(atPath: $0))?.hasPrefix("/memfd:twins-board")
        == true
    }
    guard let found else { return nil }
    let descriptor = open(found, O_RDWR | O_CLOEXEC)
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(descriptor, length: Int(status.st_size))
  }
}

extension ProgramRun {
  /// Waits for the workers of an attempt; nil when the launcher ends instead.
  func nextAttempt(ranks: Int, after earlier: Attempt? = nil) throws -> Attempt? {
    let deadline = ContinuousClock.now + Self.patience
    while isRunning {
      try takeOutput()
      if let attempt = Attempt(of: self, ranks: ranks, after: earlier) { return attempt }
      guard ContinuousClock.now < deadline else { throw TestError("no other attempt. \(errors)") }
      usleep(2000)
    }
    return nil
  }
}
