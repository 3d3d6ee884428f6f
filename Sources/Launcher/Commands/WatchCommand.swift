import ArgumentParser
import Drawing
import FoundationEssentials
import Glibc
import Recipe
import RunControl
import System

/// `twins-launch watch RUN`.
struct Watch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show how a run goes, again and again, until it ends.",
    usage: "twins-launch watch RUN [--every SECONDS] [--http ADDRESS] [--token FILE]",
    discussion: """
      Reads the run's files and asks its launcher; the run is not touched, and goes on when this command ends. Into a pipe it \
      prints a line for each epoch that is finished from now on, and at the end what became of the run. Ends as status does.
      With --http a browser shows it: a program of its own serves a page, until it is ended, with the state, the curves, the ranks, \
      failures, classes and mistakes, and the figures as Prometheus reads them at /metrics. Only programs of this machine reach it, \
      unless there is a token.
      """)

  @Argument(
    help: ArgumentHelp("The run's folder, its output folder, or its name.", valueName: "run"),
    transform: withHomeFolder)
  var target: String

  @Option(help: ArgumentHelp("How often to look.", valueName: "seconds"))
  var every = 1.0

  @Option(
    help: ArgumentHelp(
      "Serve a page that follows the run, there: 127.0.0.1:8265, or a port of 127.0.0.1.",
      valueName: "address:port"))
  var http: String?

  @Option(
    help: ArgumentHelp(
      "With --http: a file whose first line whoever sees the page has to know; $TWINS_PAGE_TOKEN says it too.",
      valueName: "file"), transform: withHomeFolder)
  var token: String?

  func validate() throws {
    guard token == nil || http != nil else { throw ValidationError("--token goes with --http.") }
    guard (0.1...3600).contains(every) else {
      throw ValidationError("--every has to lie between 0.1 and 3600 seconds, and is \(every).")
    }
  }

  func run() throws {
    let environment = ProcessInfo.processInfo.environment
    do {
      if let http { try servePage(at: http) }
      let folder = try RunFolder.named(target, environment: environment)
      var screen = Screen()
      while true {
        let (history, canvas) = (folder.history, Canvas.standardOutput(environment))
        show(history, environment, on: canvas, &screen)
        guard history.ending == .running else {
          return try Status.show(history, asJSON: false, on: canvas)
        }
        usleep(useconds_t(every * 1e6))
      }
    } catch let error as LaunchError {
      throw refusal(error)
    }
  }

  /// Replaces this program by the one that serves the page.
  private func servePage(at address: String) throws(LaunchError) {
    let program = WorkerProgram.beside(WorkerProgram.launcher, "twins-page")
    let arguments = [program, "--http", address] + (token.map { ["--token", $0] } ?? []) + ["--", target]
    withCStrings(arguments) { _ = execv(program, $0) }
    throw LaunchError(
      "cannot run \(program): \(errorText(errno)). Build it with `swift build --product twins-page`.",
      exitStatus: .badConfiguration)
  }

  /// When the run has ended, replaces what is on the terminal by its summary.
  private func show(
    _ history: RunHistory, _ environment: [String: String], on canvas: Canvas, _ screen: inout Screen
  ) {
    if canvas.height == nil {
      screen.add(history.epochLines(after: screen.lastEpoch), upTo: history.log.last?.epoch)
    } else {
      screen.show(history.ending == .running ? view(history, environment, canvas) : [], on: canvas)
    }
  }

  /// Combines the launcher's answer, if it answers, with the curves so far.
  private func view(
    _ history: RunHistory, _ environment: [String: String], _ canvas: Canvas
  ) -> [String] {
    let now = Date().timeIntervalSince1970
    let live = try? RunArgument.ask(
      ControlRequest(command: .status), history.launcher ?? target, environment)
    let ranks = live.map {
      [""] + $0.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
    let plots = [("loss of training", history.lossCurve), ("Acc@1 in %", history.accuracyCurve)]
      .filter { $0.1.count > 1 }
      .compactMap { title, points in Plot(title, [Plot.Series(letter: "o", points: points)]) }
    let summary = history.text(at: now, tellsNext: false, canvas.sparkline).split(separator: "\n").map(
      String.init)
    let used = summary.count + (ranks?.count ?? 0)
    let height = min(10, ((canvas.height ?? 24) - used - 2) / max(1, plots.count) - 3)
    let drawn = height < 3 ? [] : plots.flatMap { [""] + $0.lines(on: canvas, height: height) }
    return summary + drawn + (ranks ?? [])
  }
}

/// Redraws its text in place on a terminal, and prints line after line elsewhere.
private struct Screen {
  private var height = 0
  /// The last epoch printed; nil before the first look.
  private(set) var lastEpoch: Int?

  /// Cuts lines that would wrap or scroll, since the cursor must be moved back up by a known number of rows.
  mutating func show(_ lines: [String], on canvas: Canvas) {
    let back = height > 0 ? "\u{1b}[\(height)A\r\u{1b}[J" : ""
    let shown = lines.prefix((canvas.height ?? .max) - 1).map { String($0.prefix(canvas.width)) }
    height = shown.count
    print(back + shown.map { $0 + "\n" }.joined(), terminator: "")
    fflush(nil)
  }

  mutating func add(_ lines: [String], upTo epoch: Int?) {
    for line in lines { print(line) }
    fflush(nil)
    lastEpoch = epoch ?? lastEpoch ?? -1
  }
}

extension RunHistory {
  /// Returns a line for each epoch after the given one; none at the first look.
  fileprivate func epochLines(after epoch: Int?) -> [String] {
    guard let epoch else { return [] }
    return log.lines.filter { $0.epoch > epoch }.map { line in
      let figures = [
        line.trainLoss.map { "loss \(decimal($0, 4))" }, line.accuracy1.map { "Acc@1 \(decimal($0, 2)) %" },
        line.testLoss.map { "test loss \(decimal($0, 4))" },
        line.epoch == best?.epoch ? "the best so far" : nil,
      ].compactMap(\.self)
      let place = epochs.map { " (\(line.epoch + 1) of \($0))" } ?? ""
      return "epoch \(line.epoch)\(place): \(figures.joined(separator: ", "))"
    }
  }
}
