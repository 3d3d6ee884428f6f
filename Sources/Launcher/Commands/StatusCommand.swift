import ArgumentParser
import Drawing
import FoundationEssentials
import Glibc
import Recipe
import RunControl
import System

/// `twins-launch status [RUN]`.
struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say how a run is doing, or what became of it.",
    discussion: """
      Without a run: a table of those below this folder and of those that run on this machine, as `list` has it.
      Of a run that goes on: what it has come to, and what its ranks do; ends with 0 where all workers run, 1 where one is stopped or stuck, 66 where there is no such \
      run or it is another user's, and 74 where its launcher does not answer.
      Of the folder of a sweep: the table of its runs; ends as the sweep does, with 75 while runs are left.
      A worker counts as stuck here once it has used half of the time that --hang-timeout gives it.
      Of a run that has ended: what its files tell, and the command that goes on; ends with the status that the run ended \
      with (0 done, 75 stopped early, and so on), 70 where its launcher was killed, and 1 where nothing tells how it ended.
      With --probe, for containers: nothing, and 0, where what it asks is so; else a sentence, and 1 where the workers are not all \
      running, 66 where no launcher runs there and 74 where it does not answer. Of an output folder that several hosts share it asks this host's launcher, \
      whose number it finds in the environment as the launcher did.
      With --json the keys of a run that has ended are those of one that goes on, where they are known, and beside them \
      output, model, parameters, workers, epochs, epochs_done, updates, best, best_ema, judged (the best by another --monitor), began, ended, last_line (seconds \
      since 1970), status, reason, launches, restarts and next. Its state is done, stopped, failed, killed (its launcher), \
      elsewhere (begun on another host) or unknown.
      """)

  @Argument(
    help: ArgumentHelp(
      "The run's folder, its output folder, or its name; or a sweep's folder.", valueName: "run"),
    transform: withHomeFolder)
  var target: String?

  @Flag(help: "Print one JSON object; without a run, one a line for each.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "Ask of a run that goes on whether its launcher answers (alive), or besides that all workers run (ready).",
      valueName: "alive|ready"))
  var probe: Probe?

  func validate() throws {
    guard probe != nil else { return }
    if target == nil { throw ValidationError("--probe asks one run: name its output folder") }
    if json { throw ValidationError("--probe answers by its status, and not in JSON: leave --json out") }
  }

  func run() throws {
    guard let run = target else { return try RunList(below: nil).show(asJSON: json) }
    if let probe { return try ask(probe, of: run) }
    if let sweep = SweepTable(in: run, at: Date().timeIntervalSince1970) {
      try json ? Swift.print(controlLine(sweep.document), terminator: "") : print(sweep.text)
      if sweep.status != 0 { throw ArgumentParser.ExitCode(sweep.status) }
      return
    }
    let environment = ProcessInfo.processInfo.environment
    do {
      if let status = try Self.live(run, environment) {
        try json
          ? Swift.print(controlLine(status), terminator: "") : print(Self.text(of: run, status, environment))
        if !status.healthy { throw ArgumentParser.ExitCode(1) }
        return
      }
      let history = try RunFolder.named(run, environment: environment).history
      try Self.show(history, asJSON: json, on: .standardOutput(environment))
    } catch let error as LaunchError {
      throw refusal(error)
    }
  }

  private func ask(_ probe: Probe, of run: String) throws {
    do {
      guard let obstacle = try probe.obstacle(of: run, ProcessInfo.processInfo.environment) else { return }
      print(obstacle)
    } catch let error as LaunchError {
      throw refusal(RunArgument.ended(run, insteadOf: error))
    }
    throw ArgumentParser.ExitCode(1)
  }

  /// Returns the answer of the run's launcher; nil where none listens.
  ///
  /// Throws where the launcher belongs to another user or does not answer.
  static func live(_ run: String, _ environment: [String: String]) throws -> RunStatus? {
    do {
      return try RunArgument.ask(ControlRequest(command: .status), run, environment)
    } catch let error as LaunchError {
      guard error.exitStatus == .missingInput, RunFolder(run)?.isForbidden != true else { throw error }
      return nil
    }
  }

  /// The results so far of a running run, and the ranks' present state.
  private static func text(of run: String, _ status: RunStatus, _ environment: [String: String]) -> String {
    let now = Date().timeIntervalSince1970
    let history = (try? RunFolder.named(run, environment: environment))?.history
    // The run may have ended since it answered.
    guard let history, history.ending == .running else { return status.text }
    let canvas = Canvas.standardOutput(environment)
    return history.text(at: now, width: canvas.columns, canvas.sparkline) + "\n\n" + status.text
  }

  /// Prints a run's result and ends with its exit status.
  static func show(_ history: RunHistory, asJSON json: Bool, on canvas: Canvas) throws {
    let now = Date().timeIntervalSince1970
    try json
      ? Swift.print(controlLine(HistoryReport(history, at: now)), terminator: "")
      : print(history.text(at: now, width: canvas.columns, canvas.sparkline))
    if history.exitStatus != 0 { throw ArgumentParser.ExitCode(history.exitStatus) }
  }
}

/// `twins-launch list [FOLDER]`.
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the runs below a folder, and those that run on this machine.",
    discussion: """
      Folders are looked into four levels deep, hidden ones and links aside, and at most 2000 of them. What is not known is \
      left blank. `twins-launch status RUN` tells more of one.
      """)

  @Argument(
    help: ArgumentHelp(
      "Where to look, and nowhere else. (default: the current folder, and what runs on this machine)",
      valueName: "folder"),
    transform: withHomeFolder)
  var folder: String?

  @Flag(help: "Print a JSON object a line for each, as status --json has it of a run that has ended.")
  var json = false

  func run() throws {
    let place = folder ?? "."
    guard access(place, F_OK) == 0, Folders.isReadable(place) else {
      throw refusal(
        LaunchError(
          "cannot look into \(masked(place)): \(errorText(errno)). Name a folder that this user may read.",
          exitStatus: .missingInput))
    }
    try RunList(below: folder).show(asJSON: json)
  }
}

/// The runs below a folder; without a folder, also those running on this machine.
struct RunList {
  private let root: String
  private let histories: [RunHistory]
  /// Folders of further hosts, whose runs are recorded elsewhere.
  private let parts: [String]
  private let isCut: Bool

  /// - Parameter folder: Nil for the current folder and the runs on this machine.
  init(below folder: String?) {
    root = folder ?? "."
    let search = RunSearch(below: root)
    let alive =
      folder == nil
      ? RunRegistry.all(ProcessInfo.processInfo.environment).flatMap(\.runningFolders) : []
    var seen: Set<String> = []
    let folders = (search.folders + alive.compactMap(RunFolder.init)).filter {
      seen.insert($0.identity).inserted
    }
    histories = folders.map(\.history)
    parts = search.parts.map { $0.note.sentence(in: $0.folder) }
    isCut = search.isCut
  }

  /// Prints the table, or a JSON object for each run.
  func show(asJSON json: Bool) throws {
    let now = Date().timeIntervalSince1970
    if json {
      for history in histories {
        Swift.print(try controlLine(HistoryReport(history, at: now)), terminator: "")
      }
      return
    }
    let canvas = Canvas.standardOutput(ProcessInfo.processInfo.environment)
    if histories.isEmpty {
      print(
        "no runs below \(masked(root))." + (parts.isEmpty ? " Start one: twins-launch --data-path DIR" : ""))
    } else {
      for line in RunTable(histories: histories, now: now).lines(width: canvas.width) { print(line) }
    }
    for part in parts { print(part) }
    if isCut { print("only \(RunSearch.mostFolders) folders were looked into: name one nearer to the runs") }
  }
}
