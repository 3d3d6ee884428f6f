import ArgumentParser
import Checkpoint
import Flags
import FoundationEssentials
import Output
import Recipe
import RunControl
import System

/// `twins-launch report RUN`.
struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write one page about a run: curves, classes, restarts, values.",
    discussion: """
      The page is one file of HTML, which needs no network and no script. Its classes, what is confused most and the worst mistakes are \
      those of the newest evaluation: the run's own, or one of `twins-launch evaluate RUN`.
      """)

  @Argument(
    help: ArgumentHelp("The run's output folder, or its name.", valueName: "run"), transform: withHomeFolder)
  var target: String

  @Option(
    help: ArgumentHelp("Where to write. (default: report.html in the output folder)", valueName: "file"),
    transform: withHomeFolder)
  var output: String?

  func run() throws {
    do {
      let folder = try RunFolder.named(target, environment: ProcessInfo.processInfo.environment)
      let path = try output ?? folder.output.map { "\($0)/report.html" } ?? missingFolder()
      try spare(path)
      let history = folder.history
      let report = RunReport(
        history, folder.output.flatMap(EvaluationNote.init(ofRunIn:)), at: Date().timeIntervalSince1970,
        flag: flag(setting:))
      do {
        try AtomicFile.write(report.text, to: path)
      } catch {
        throw LaunchError("\(error)", exitStatus: .inputOutput)
      }
      Swift.print(masked(path))
    } catch let error as LaunchError {
      throw refusal(error)
    }
  }

  private func spare(_ path: String) throws(LaunchError) {
    do throws(OutputError) {
      try RunFiles.spare(path)
    } catch {
      throw LaunchError(error.description, exitStatus: error.exitStatus)
    }
  }

  private func missingFolder() throws(LaunchError) -> String {
    throw LaunchError(
      "\(masked(target)) has no output folder of ours: say with --output where to write", exitStatus: .usage)
  }
}
