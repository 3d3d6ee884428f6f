import Flags

extension Train {
  /// Has one worker check the start for all; the status to end with, where that is all there is to do.
  ///
  /// Throws what every worker would end by. Another program in the worker's place is not asked.
  func rehearse(
    _ program: String, _ arguments: [String], _ placement: Placement, _ environment: [String: String],
    _ signals: borrowing SignalReader
  ) throws -> CInt? {
    let run = training.run
    guard run.dryRun || environment["TWINS_WORKER"] == nil, !run.printConfig else { return nil }
    let own = (run.dryRun ? [] : ["--dry-run"]) + (run.overwrite ? [WorkerArguments.overwrite] : [])
    let rehearsal = try Rehearsal(
      WorkerCommand(
        program: program, arguments: arguments + own,
        environment: placement.environment(rank: 0, inheriting: environment)), signals)
    if let signal = rehearsal.interruption { return 128 + signal.number }
    if run.dryRun {
      rehearsal.show()
      return rehearsal.ending.exitCode
    }
    if let refusal = rehearsal.refusal { throw refusal }
    return nil
  }
}
