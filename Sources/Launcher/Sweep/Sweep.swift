import CLinux
import Drawing
import FoundationEssentials
import Glibc
import Recipe
import RunControl
import System
import SystemPackage

/// Carries out a plan: trains the runs one after another, or several side by side, each with a launcher of
/// its own.
///
/// The sweep keeps no state but the runs' own folders, so one that was killed continues where it was.
final class Sweep {
  private let plan: SweepPlan
  private let folder: SweepFolder
  private let lanes: SweepLanes
  private let environment: [String: String]
  /// Its end makes every run end with this process, however this process dies.
  private let lifeline: Pipe
  private var standings: [SweepStanding]
  /// The indices of the runs that wait for their turn.
  private var queue: [Int] = []
  /// The runs that go on, by lane.
  private var processes: [Int: (run: Int, process: WorkerProcess)] = [:]
  /// How often a run's launcher was killed.
  private var kills: [Int: Int] = [:]
  private var isStopping = false
  /// Whether it was said that the table cannot be written.
  private var isTableBehind = false

  /// After so many kills of its launcher a run is given up.
  private static let mostKills = 3

  init(
    _ plan: SweepPlan, in folder: consuming SweepFolder, _ lanes: SweepLanes, environment: [String: String]
  ) throws(LaunchError) {
    (self.plan, self.lanes) = (plan, lanes)
    self.folder = folder
    self.environment = environment.filter { !SystemdSocket.variables.contains($0.key) }
    lifeline = try Pipe()
    standings = plan.runs.map { SweepStanding(RunFolder($0.output)?.history) }
  }

  /// Has all runs trained, and prints what they came to; the status to end with.
  ///
  /// Throws before the first run, and after the last one where the table cannot be written: in between nothing of its own
  /// may end it, since all runs end with it.
  func run(refusing known: [SweepRefusal], _ signals: borrowing SignalReader) throws(LaunchError) -> CInt {
    for refusal in known { standings[refusal.run.number - 1] = .failed(refusal.status) }
    try folder.write(table)
    waitForOthers(signals)
    try check(signals)
    queue = standings.indices.filter { !standings[$0].isOver }
    tell(opening)
    while !isStopping || !processes.isEmpty {
      fill()
      if processes.isEmpty { break }
      wait(for: signals)
      collect()
    }
    let next = isStopping ? ["the same command goes on with it"] : []
    tell(([""] + table.lines + [""] + table.conclusions + next).joined(separator: "\n"))
    try folder.write(table)
    return status
  }

  /// The results so far.
  private var table: SweepTable {
    let now = Date().timeIntervalSince1970
    return SweepTable(
      plan,
      zip(plan.runs, standings).map { run, standing in
        SweepTable.Row(run, standing, RunFolder(run.output)?.history, by: plan.figure, at: now)
      })
  }

  private var status: CInt {
    isStopping ? ExitStatus.stoppedEarly.rawValue : SweepStanding.status(of: standings)
  }

  private var opening: String {
    let rest = queue.count
    let begun = queue.count { standings[$0] == .interrupted }
    return "sweep of \(counted(plan.runs.count, "run")) in \(masked(plan.output)): "
      + (rest == plan.runs.count && begun == 0
        ? "all to be trained" : "\(rest) to be trained\(begun > 0 ? ", \(begun) of them begun already" : "")")
      + (lanes.environments.count > 1 ? ", \(lanes.environments.count) at once" : "")
  }
}

/// Before the first run.
extension Sweep {
  /// Waits for runs of a sweep that was killed a moment ago, or that somebody else goes on with.
  private func waitForOthers(_ signals: borrowing SignalReader) {
    for (index, run) in plan.runs.enumerated() where standings[index] == .running {
      tell("\(run.name) runs already: waiting for its end (twins-launch stop \(FilePath(run.output).quoted))")
      while !isStopping, let folder = RunFolder(run.output), folder.isAlive {
        wait(for: signals, atMost: 200)
      }
      standings[index] = SweepStanding(RunFolder(run.output)?.history)
    }
  }

  /// Says at once which of the runs that have not begun could not begin.
  private func check(_ signals: borrowing SignalReader) throws(LaunchError) {
    var refusals: [SweepRefusal] = []
    for index in standings.indices where standings[index] == .waiting && !isStopping {
      let environment = environment.merging(lanes.environments[0]) { $1 }
      let (refusal, interruption) = try SweepCheck.refusal(of: plan.runs[index], environment, signals)
      if interruption != nil { isStopping = true }
      guard let refusal else { continue }
      standings[index] = .failed(refusal.status)
      refusals.append(refusal)
    }
    guard !refusals.isEmpty else { return }
    complain(SweepCheck.text(refusals, of: plan.runs.count))
    try folder.write(table)
  }
}

/// While runs are in progress.
extension Sweep {
  /// Starts runs in the lanes that are free; one that cannot be started has failed, and the next takes its place.
  private func fill() {
    for lane in lanes.environments.indices {
      while processes[lane] == nil, !isStopping, !queue.isEmpty { begin(queue.removeFirst(), in: lane) }
    }
  }

  private func begin(_ index: Int, in lane: Int) {
    let run = plan.runs[index]
    let verb = standings[index] == .interrupted ? "goes on" : "begins"
    tell(
      "\(run.name) of \(plan.runs.count) \(verb): \(masked(run.label(plan.flags)))    (log: \(masked(SweepFolder.log(of: run))))"
    )
    do throws(LaunchError) {
      processes[lane] = (index, try start(run, environment.merging(lanes.environments[lane]) { $1 }))
      standings[index] = .running
    } catch {
      standings[index] = .failed(error.exitStatus.rawValue)
      complain("\(run.name) cannot start: \(masked(error.description.asSentence))")
      keepTable()
    }
  }

  /// Writes the table, or says once that it cannot be written: that is tried again with each run's end.
  private func keepTable() {
    do throws(LaunchError) {
      try folder.write(table)
      isTableBehind = false
    } catch {
      if !isTableBehind {
        complain(
          "warning: \(error.description.asSentence) That is tried again at the end of each run."
        )
      }
      isTableBehind = true
    }
  }

  private func start(_ run: SweepRun, _ environment: [String: String]) throws(LaunchError) -> WorkerProcess {
    let path = SweepFolder.log(of: run)
    guard let log = Descriptor(open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)) else {
      throw LaunchError("cannot write to \(path): \(errorText(errno))", exitStatus: .inputOutput)
    }
    let program = WorkerProgram.launcher
    let arguments = [ExecRank.name, "--", program, "train"] + run.arguments
    return try WorkerProcess.spawn(
      WorkerCommand(program: program, task: WorkerTask(arguments: arguments), environment: environment),
      rank: run.number, inheriting: WorkerProcess.Inheritance(lifeline: lifeline.reading.number),
      writingTo: log)
  }

  /// Waits at most `patience` milliseconds for a run to end or for a signal; a signal makes the runs save and
  /// end.
  private func wait(for signals: borrowing SignalReader, atMost patience: CInt = -1) {
    let descriptors = processes.values.map { $0.process.handle.number } + [signals.descriptor.number]
    var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    while poll(&entries, nfds_t(entries.count), patience) < 0, errno == EINTR {}
    while let signal = signals.next() {
      guard SignalReader.stopping.contains(signal) else { continue }
      if !isStopping, !processes.isEmpty { tell("\(signal): the runs save and end") }
      isStopping = true
      for (_, process) in processes.values { process.send(.terminate) }
    }
  }

  /// Takes the runs that have ended, and notes what they came to.
  private func collect() {
    for (lane, (index, process)) in processes where hasEnded(process) {
      let ending = process.collect()
      processes[lane] = nil
      note(ending, of: index)
      keepTable()
    }
    Orphans.collect(sparing: processes.values.map(\.process.identifier))
  }

  private func hasEnded(_ process: WorkerProcess) -> Bool {
    var entry = pollfd(fd: process.handle.number, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) > 0
  }

  private func note(_ ending: Ending, of index: Int) {
    let run = plan.runs[index]
    switch ending {
    case .done: standings[index] = .done
    case .stoppedEarly: standings[index] = .interrupted
    case .killed(let signal):
      standings[index] = .interrupted
      kills[index, default: 0] += 1
      if isStopping { break }
      if kills[index] == Self.mostKills {
        standings[index] = .failed(128 + signal)
      } else {
        queue.insert(index, at: 0)
      }
    // A run stopped before it had saved anything can be resumed too.
    default: standings[index] = isStopping ? .interrupted : .failed(ending.exitStatus)
    }
    let history = RunFolder(run.output)?.history
    let best = history.flatMap { plan.figure.best(of: $0.log) }.map { best in
      ", \(plan.figure.title) \(decimal(best.value, plan.figure.digits))\(plan.figure.unit) in epoch \(best.epoch)"
    }
    tell("\(run.name): \(Self.text(standings[index], ending))\(best ?? "")")
    if case .failed = standings[index] {
      let reason = history?.reason ?? "\(ending)"
      complain("\(run.name): \(masked(reason.asSentence)) Its report: \(masked(SweepFolder.log(of: run)))")
    }
  }

  private static func text(_ standing: SweepStanding, _ ending: Ending) -> String {
    if standing == .interrupted, case .killed = ending { return "\(ending)" }
    return standing.text
  }
}

/// Output for the user.
extension Sweep {
  private func tell(_ text: String) {
    print(text)
    fflush(nil)
  }

  private func complain(_ text: String) {
    fflush(nil)
    var errors = Sink(descriptor: STDERR_FILENO)
    for line in text.split(separator: "\n") { errors.write("twins-launch: \(line)\n") }
    errors.drain(patience: .seconds(5))
  }
}
