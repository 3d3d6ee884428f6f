import ArgumentParser
import Flags
import Recipe
import RunControl
import System

/// What is wrong with a run of a sweep, found before anything is trained.
struct SweepRefusal: Equatable {
  let run: SweepRun
  let status: CInt
  let reason: String
}

/// Checks the runs of a sweep before the first one begins.
enum SweepCheck {
  /// Checks a run's flags alone; nil where nothing is wrong.
  static func refusal(of run: SweepRun) -> SweepRefusal? {
    do {
      let command = try TrainCommand.parse(run.arguments)
      _ = try command.training.request().recipe(worldSize: 1)
      return nil
    } catch let error as RecipeError {
      return SweepRefusal(run: run, status: error.exitStatus.rawValue, reason: error.description)
    } catch {
      return SweepRefusal(
        run: run, status: ExitStatus.usage.rawValue, reason: TrainCommand.message(for: error))
    }
  }

  /// Checks a run's start by its `--dry-run`, which needs images, weights and device; nil where the run would
  /// train, or where a signal came first.
  static func refusal(
    of run: SweepRun, _ environment: [String: String], _ signals: borrowing SignalReader
  ) throws(LaunchError) -> (refusal: SweepRefusal?, interruption: Signal?) {
    let rehearsal = try Rehearsal(
      WorkerCommand(
        program: WorkerProgram.launcher,
        task: WorkerTask(arguments: ["train"] + run.arguments + ["--dry-run"]), environment: environment),
      signals)
    if let signal = rehearsal.interruption { return (nil, signal) }
    guard !rehearsal.ending.isOrderly else { return (nil, nil) }
    let text = rehearsal.errors
    let reason = ["twins-worker: error: ", "twins-launch: "].reduce(text) { text, name in
      text.firstRange(of: name).map { String(text[$0.upperBound...]) } ?? text
    }
    return (SweepRefusal(run: run, status: rehearsal.ending.exitStatus, reason: reason), nil)
  }

  /// Describes the refusals, runs with the same reason together.
  static func text(_ refusals: [SweepRefusal], of runs: Int) -> String {
    let reasons = refusals.map(\.reason).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    return reasons.map { reason in
      let names = refusals.filter { $0.reason == reason }.map(\.run.name)
      let who =
        names.count == runs ? "no run can start" : "\(names.joined(separator: ", ")) cannot start"
      return "\(who): \(masked(reason))"
    }.joined(separator: "\n")
  }
}
