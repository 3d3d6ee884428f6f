import ArgumentParser
import Board
import Collective
import Flags
import Foundation
import Recipe
import Training

/// `train`: one worker, in the foreground or under twins-launch.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train, or with --eval evaluate.",
    discussion: """
      Started by itself this is one worker with the same numbers as one under twins-launch: the mode to debug in.
      Flags are accepted with - and with _, as --flag value and as --flag=value.
      """)

  @OptionGroup var flags: TrainingFlags

  func run() throws {
    let placement = try Placement(ProcessInfo.processInfo.environment)
    if flags.run.printConfig { return try printConfiguration(placement) }
    Lifeline.watch(placement)
    StopSignal.ignoreWriteSignals()
    CheckpointRequest.listen()
    let sections = Sections(ProcessInfo.processInfo.environment, rank: placement.rank)
    sections.writeStacksOnSignal()
    let run = try reportingOnce(placement) {
      let start = try Resume.from(flags, Voice(speaks: placement.isFirst))
      let setup = try RunSetup(flags, over: start?.values(for: flags), placement, sections)
      return try TrainingRun(setup, from: start)
    }
    if flags.run.throughput { return try run.measureThroughput() }
    try perform(run, placement)
    sections.enter(.done)
  }

  /// Evaluates or trains; what all ranks find out at the same step, rank 0 alone reports.
  private func perform(_ run: TrainingRun, _ placement: Placement) throws {
    do {
      // An evaluation has nothing to save: a signal ends it as it ends any program.
      if flags.run.eval { return try run.evaluate() }
      StopSignal.listen(underLauncher: placement.meeting != nil)
      let status = try run.train()
      if status != .done { throw ArgumentParser.ExitCode(status.rawValue) }
    } catch let shared as SharedFailure {
      if placement.isFirst { throw shared.failure }
      throw ArgumentParser.ExitCode(shared.failure.exitCode.rawValue)
    } catch TrainingError.diverged where !placement.isFirst {
      throw ArgumentParser.ExitCode(Failure.diverged)
    } catch TrainingError.weightsDiffer where !placement.isFirst {
      throw ArgumentParser.ExitCode(Failure.software)
    }
  }

  /// Start-up, in which every rank meets the same bad flag or picture folder: rank 0 reports it for all.
  ///
  /// The others wait to be ended by the launcher; if rank 0 turns out not to fail, they do report.
  private func reportingOnce<Result>(_ placement: Placement, _ start: () throws -> Result) throws -> Result {
    do {
      return try start()
    } catch {
      if !placement.isFirst { Thread.sleep(forTimeInterval: 20) }
      throw error
    }
  }
}
