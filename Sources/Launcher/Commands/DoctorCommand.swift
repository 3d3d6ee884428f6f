import ArgumentParser
import FoundationEssentials
import Recipe
import RunControl
import System

/// `twins-launch doctor`.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what will fail or be slow on this machine, and what mends it.",
    discussion: """
      Ends with 0 where nothing will fail, and with 1 where something will. What it tries on the disk is gone afterwards.
      With --json: an object with facts, each by the name that it has here, and findings, each with severity (fails, slow or
      note), what, why and mend.
      """)

  @Option(
    help: ArgumentHelp("Where a run is to write.", valueName: "dir"), transform: withHomeFolder)
  var outputDir = "."

  @Option(help: ArgumentHelp("For how many workers. (default: one for each card, or one)", valueName: "n"))
  var nproc: Int?

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    if let nproc, !(1...WorkerCount.limit).contains(nproc) {
      throw ValidationError("--nproc has to be a number from 1 to \(WorkerCount.limit), and is \(nproc).")
    }
  }

  func run() throws {
    do {
      let facts = try MachineFacts.now(
        workers: nproc, folder: outputDir, environment: ProcessInfo.processInfo.environment,
        try SignalReader())
      let diagnosis = Diagnosis(facts)
      let report = DoctorReport(facts: facts, diagnosis: diagnosis)
      if json {
        Swift.print(try controlLine(report.document), terminator: "")
      } else {
        for line in report.lines { print(line) }
      }
      if diagnosis.isFatal { throw ArgumentParser.ExitCode(1) }
    } catch let error as LaunchError {
      throw refusal(error)
    }
  }
}
