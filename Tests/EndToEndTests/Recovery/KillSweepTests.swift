import Checkpoint
import Foundation
import Glibc
import Synchronization
import Testing

extension EndToEnd {
  /// `kill -9` of workers and launchers of trainings: none of them is lost.
  @Suite(KillReport()) struct KillSweepTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    /// `make soak` asks for more of them.
    private static let count = ProcessInfo.processInfo.environment["TWINS_KILLS"].flatMap { Int($0) } ?? 12

    @Test(arguments: KilledTraining.sharing(kills: count))
    func `a training that is killed again and again ends as one that is not`(_ training: KilledTraining)
      throws
    {
      let whole = try whole(training)
      var run = try launch(training)
      var attempt = try #require(try run.nextAttempt(ranks: training.ranks), "\(run.errors)")
      var newest: CheckpointName?
      for kill in training.kills {
        let hit = try attempt.suffer(kill, savingTo: checkpoints.folder)
        KillTally.shared.withLock { $0.add(hit) }
        newest = try expectCheckpoints(from: newest, after: kill)
        if let next = try run.nextAttempt(ranks: training.ranks, after: attempt) {
          attempt = next
        } else {
          try expectEnd(of: run, after: kill)
          KillTally.shared.withLock { $0.commands += 1 }
          run = try launch(training, "--resume", "auto")
          attempt = try #require(try run.nextAttempt(ranks: training.ranks), "\(run.errors)")
        }
      }
      let end = try run.finish()
      #expect(end.status == Status.done, "\(end.errors)")
      try expectNothingLeft(by: run)
      try expectSame(whole)
    }

    private var output: RunFiles { RunFiles(folder: place.output("out")) }
    private var checkpoints: CheckpointStore { CheckpointStore(folder: "\(output.folder)/checkpoints") }

    private func launch(_ training: KilledTraining, _ more: String...) throws -> ProgramRun {
      try launch("out", ranks: training.ranks, training.flags + more)
    }

    private func launch(_ name: String, ranks: Int, _ flags: [String]) throws -> ProgramRun {
      let training = place.training(
        name, "--epochs", "\(KilledTraining.epochs)", "--max-step", "\(KilledTraining.stepsOfEpoch)",
        "--batch-size", "2", "--log-every", "1", "--mixup", "0.8", "--cutmix", "1", "--model-ema",
        "--model-ema-decay", "0.9")
      return try ProgramRun(.launcher, ["--nproc", "\(ranks)"] + training + flags, in: place)
    }
  }
}

extension EndToEnd.KillSweepTests {
  /// Every checkpoint that can be seen is whole, and the newest is no older than before.
  private func expectCheckpoints(from earlier: CheckpointName?, after kill: Kill) throws -> CheckpointName? {
    let search = checkpoints.newestVerified()
    #expect(search.refused.isEmpty, "\(kill)")
    guard let folder = search.checkpoint?.folder else {
      #expect(earlier == nil, "\(kill)")
      return nil
    }
    let newest = try #require(CheckpointName((folder as NSString).lastPathComponent))
    if let earlier { #expect(newest >= earlier, "\(kill)") }
    return newest
  }

  /// A launcher ends when it was killed, and when it sees no use in another attempt.
  private func expectEnd(of run: ProgramRun, after kill: Kill) throws {
    let end = try run.finish(within: .seconds(5))
    #expect(end.status == 128 + SIGKILL, "\(kill): \(end.errors)")
    let reasons = ["it failed in the same way", "attempts in a row got no further"]
    #expect(
      kill.victim == .launcher || reasons.contains { end.errors.contains("not started again: \($0)") },
      "\(kill): \(end.errors)")
    try expectNothingLeft(by: run)
  }

  private func expectNothingLeft(by run: ProgramRun) throws {
    #expect(run.workers.isEmpty)
    #expect(place.leftovers.isEmpty)
  }

  private func expectSame(_ whole: WholeTraining) throws {
    for (name, bytes) in whole.files { #expect(try output.bytes(name) == bytes, "\(name) differs") }
    #expect(try output.steps() == whole.steps)
    let names = try output.names().union(output.names("checkpoints"))
    #expect(names.filter { $0.hasPrefix(".") } == [])
  }

  /// What a training that nobody kills comes to: the same for all that have as many ranks.
  private func whole(_ training: KilledTraining) throws -> WholeTraining {
    if let known = WholeTraining.known.withLock({ $0[training.ranks] }) { return known }
    let end = try launch("whole", ranks: training.ranks, []).finish()
    try #require(end.status == Status.done, "\(end.errors)")
    let whole = try WholeTraining(RunFiles(folder: place.output("whole")))
    WholeTraining.known.withLock { $0[training.ranks] = whole }
    return whole
  }
}

/// What a training left that came to its end.
private struct WholeTraining {
  let files: [String: Data]
  let steps: [RunFiles.Step]

  /// By the number of ranks.
  static let known = Mutex([Int: WholeTraining]())

  init(_ output: RunFiles) throws {
    let names = [
      "last.safetensors", "last_ema.safetensors", "best.safetensors", "best_ema.safetensors", "log.txt",
    ]
    files = Dictionary(uniqueKeysWithValues: try names.map { ($0, try output.bytes($0)) })
    steps = try output.steps()
  }
}
