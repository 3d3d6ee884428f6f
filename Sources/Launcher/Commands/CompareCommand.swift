import ArgumentParser
import Drawing
import FoundationEssentials
import RunControl
import System

/// `twins-launch compare A B [C…]`.
struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Set runs beside each other: what differs, figures, curves.",
    discussion: """
      The curves are drawn to the width of the terminal: in colours where it has them, else in letters. Runs that go on are \
      compared as far as they are. A folder with no more than a log.txt, as the reference leaves it, will do.
      With --json: an object with runs (each as status --json has it of a run that has ended), differences (name, flag and \
      values) and curves (loss and acc1, each a list of [epochs, figure]).
      """)

  @Argument(
    help: ArgumentHelp("Runs, as status takes them: two to \(Comparison.mostRuns).", valueName: "run"),
    transform: withHomeFolder)
  var runs: [String]

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard (2...Comparison.mostRuns).contains(runs.count) else {
      throw ValidationError(
        "compare takes from 2 to \(Comparison.mostRuns) runs, and was given \(runs.count).")
    }
  }

  func run() throws {
    let environment = ProcessInfo.processInfo.environment
    do {
      let histories = try runs.map { try RunFolder.named($0, environment: environment).history }
      let comparison = Comparison(runs: histories)
      let now = Date().timeIntervalSince1970
      if json {
        Swift.print(try controlLine(ComparisonReport(comparison, at: now)), terminator: "")
      } else {
        let lines = comparison.lines(at: now, on: .standardOutput(environment))
        print(lines.joined(separator: "\n"))
      }
    } catch let error as LaunchError {
      throw refusal(error)
    }
  }
}
