import ArgumentParser
import CLinux
import Collective
import Drawing
import Flags
import FoundationEssentials
import Glibc
import Output
import Recipe
import RunControl
import System
import SystemPackage
import WorkerLink

/// `twins-launch train`: N workers that train one model together.
struct TrainCommand: LaunchCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train with N workers on this host, or on each of several.",
    usage: usage,
    discussion: "The training flags are checked here once and passed on to every worker as they are.")

  static let usage = "twins-launch [train] --nproc N [launch flags] [training flags]"

  @OptionGroup(title: "Launch flags") var launch: LaunchFlags
  @OptionGroup(title: "Launch flags") var ring: RingFlags
  @OptionGroup var training: TrainingFlags

  func launch(_ signals: consuming SignalReader, environment: [String: String]) throws -> CInt {
    let all = TwinsLaunch.arguments
    return try start(
      signals, environment: environment, arguments: all.first == "train" ? Array(all.dropFirst()) : all)
  }

  /// Starts the run; `arguments` is the command line without the subcommand.
  func start(
    _ signals: consuming SignalReader, environment: [String: String], arguments given: [String]
  ) throws -> CInt {
    guard let hosts = try HostStart(launch.hosts, environment: environment) else {
      return try start(signals, environment: environment, arguments: given, on: nil)
    }
    do {
      return try start(signals, environment: environment, arguments: given, on: hosts)
    } catch {
      // Otherwise the other hosts would wait for a long time.
      hosts.turnAway(error)
      throw error
    }
  }

  private func start(
    _ signals: consuming SignalReader, environment: [String: String], arguments given: [String],
    on hosts: HostStart?
  ) throws -> CInt {
    let program = try WorkerProgram.locate(environment: environment)
    let size = try launch.workers.resolved { () throws(LaunchError) in
      try cards(environment).counted(by: program, signals)
    }
    let request = try training.request()
    let saved = SavedValues.glimpse(request)
    let recipe = try recipe(of: request, over: saved, size, on: hosts?.plan)
    // Not every host's disk need have the checkpoint; without it only the values given here can be compared.
    let asked = (try? self.recipe(of: request, over: nil, size, on: hosts?.plan)) ?? recipe
    let output = request.outputFolder(over: saved)
    var task = WorkerTask(
      trainingWith: LaunchFlags.removed(from: given), request, writingTo: output)
    if let plan = hosts?.plan, plan.least < plan.hosts, request.run.trains {
      task = task.sharing(recipe.division)
    }

    let identifier = launch.runIdentifier ?? .random()
    let placement = try placement(of: size, in: identifier, environment)
    let isFirst = hosts?.isFirst ?? true
    // Another host does not decide about the folder or the checkpoint; it checks only what it must have
    // itself.
    let rehearsed = isFirst ? task : task.settled(as: recipe)
    let check = try rehearse(
      program, rehearsed, request.run, placement, hosts?.plan, environment, signals)
    if let signal = check?.interruption {
      let isResumable =
        request.run.writes && !request.run.dryRun && Resumption(output: output).isOffered(to: task)
      return end(
        on: signal, again: isResumable ? again(request.run, writingTo: output, on: hosts?.plan) : nil)
    }
    if let status = check?.status { return status }
    // A refused start must leave nothing that looks like a run.
    try SocketFolder.require(environment: environment)
    let owner = hosts?.owner(named: identifier) ?? "pid \(getpid()), run \(identifier.text)"
    let possession =
      request.run.writes && isFirst
      ? try Possession(of: output, beginning: request.beginning, owner: owner) : nil
    let path = ownFolder(in: output, request.run, hosts?.plan)
    let folder: RunLock? =
      if let path { try RunLock(path: path, owner: owner, besides: possession, of: hosts?.plan) } else { nil }
    let control = try path.map { path in
      try ControlServer(run: isFirst ? identifier : nil, folder: path, environment: environment)
    }
    var run = Launch(
      grace: .seconds(launch.grace), program: program, task: task, placement: placement,
      environment: environment, logs: path.map(LogFolder.init(in:)),
      advice: FailureReport.Advice(
        debug: ["twins-worker"] + task.arguments,
        again: again(request.run, writingTo: output, on: hosts?.plan),
        data: recipe.data.path),
      notes: ring.notes + [hosts?.note, control?.note].compactMap(\.self))
    configure(&run, isShown: request.run.writes, on: hosts?.plan)
    run.answers = !request.run.writes
    // Everything that can refuse the start comes before an earlier run is removed.
    try run.requireRoom()
    defer { withExtendedLifetime(folder) {} }
    if let hosts, !isFirst {
      if request.run.writes { run.resumption = Resumption(output: output) }
      return try hosts.follow(
        run, asked: asked, named: launch.runIdentifier, signals: signals, control: control)
    }
    if request.run.writes, let path {
      // With several hosts the checkpoint may be on another one's disk.
      let goesOn =
        hosts == nil
        ? request.beginning.finds(runIn: output) : request.beginning.goesOn(in: output)
      run.journal = RunJournal(in: path, goesOn: goesOn)
      // A journal outside the output folder would outlive the run that it records.
      if request.run.overwrite { run.journal?.forget() }
    }
    try possession?.begin()
    if request.run.writes, let path {
      follow(&run, output)
      let record = LaunchRecord(
        arguments: given.filter { $0 != WorkerTask.overwrite }, output: output, workers: size,
        machine: check?.machine)
      run.notes += note(record, in: path, besides: output)
    }
    // Only training divides updates; an evaluation's batch may be odd.
    return try run.supervise(
      signals, control: control, possession: possession,
      hosts: hosts?.lead(run, request.run.trains ? recipe : nil, asked: asked))
  }

  private var budgets: HangBudgets { HangBudgets(step: .seconds(ring.hangTimeout)) }

  /// Where the first attempt's workers meet, and each one's own environment.
  private func placement(
    of size: Int, in run: RunIdentifier, _ environment: [String: String]
  ) throws -> WorkerEnvironment {
    var rendezvous = ring.rendezvous(run, attempt: 0, size: size)
    rendezvous.timeouts.silence = budgets.ringPatience
    return WorkerEnvironment(
      rendezvous: rendezvous,
      masterPort: try FreePort.find(),
      threads: .shared(
        named: launch.threadsPerWorker ?? training.run.threads, environment: environment, workers: size),
      maxRestarts: launch.restarts.budget().count)
  }

  /// Sets how the run is watched, shown and restarted.
  private func configure(_ run: inout Launch, isShown: Bool, on hosts: HostPlan?) {
    run.hosts = hosts
    run.restarts = launch.restarts.budget()
    run.budgets = budgets
    run.isPlain = launch.isPlain || !isShown
    let cards = cards(run.environment)
    (run.cards, run.notes) = (cards.ofDrivers, run.notes + cards.faults)
    if let cards = run.cards, cards.maker == .nvidia, cards.count > 0 { run.cardMonitor = CardMonitor() }
  }

  /// Records in the launcher's folder how the run was launched, for `resume`; returns the reasons why that
  /// failed.
  ///
  /// With a `--run-dir` elsewhere the record is also written below the output folder, by which users name the
  /// run.
  private func note(_ record: LaunchRecord, in folder: String, besides output: String) -> [String] {
    let inner = "\(output)/\(RunLayout.launcher)"
    let isElsewhere = launch.runFolder != nil && Folders.make(inner)
    return ([folder] + (isElsewhere ? [inner] : [])).compactMap { record.write(to: $0) }
  }

  /// Returns the launcher's own folder. An evaluation or measurement writes nothing and has one only where
  /// the user names it; `--print-config` has none.
  private func ownFolder(in output: String, _ run: RunSettings, _ hosts: HostPlan?) -> String? {
    // `--lr-find` must not replace the logs of a run in that folder.
    guard !run.printConfig, run.lrFind == nil || launch.runFolder != nil else { return nil }
    let isWanted = run.trains || run.outputDir != nil
    let folder = launch.runFolder ?? (isWanted ? "\(output)/\(RunLayout.launcher)" : nil)
    // All hosts may share a disk.
    guard let folder, let hosts, hosts.host > 0 else { return folder }
    return "\(folder)/\(RunLayout.launcher(host: hosts.host))"
  }

  private func recipe(
    of request: RunRequest, over saved: SavedValues?, _ size: Int, on hosts: HostPlan?
  ) throws(RecipeError) -> Recipe {
    do {
      return try request.recipe(worldSize: size * (hosts?.hosts ?? 1), hostSize: size, over: saved)
    } catch {
      // The missing checkpoint may hold the value that a flag would otherwise have to give.
      try request.run.requireResume()
      throw error
    }
  }

  /// How to continue the run once it has saved something; the same command would not do if it starts from
  /// elsewhere or anew.
  private func again(_ run: RunSettings, writingTo output: String, on hosts: HostPlan?) -> String {
    if !run.overwrite, run.resume == nil { return "the same command with --resume auto" }
    guard hosts != nil else { return "twins-launch resume \(FilePath(output).quoted)" }
    // Another host's disk may lack the run's output folder.
    if run.resume == "auto" { return "the same command" }
    return "the same command with --resume auto\(run.overwrite ? " and without --overwrite" : "")"
  }

  /// An evaluation or measurement saves nothing, so another attempt repeats it.
  private func follow(_ run: inout Launch, _ output: String) {
    run.resumption = Resumption(output: output)
    run.progressPath = "\(output)/\(RunLayout.steps)"
  }

  private func cards(_ environment: [String: String]) -> WorkerCards {
    WorkerCards(
      for: training.run.device, library: training.run.deviceLibrary, environment: environment)
  }
}

extension TrainCommand {
  /// Has one worker check the start for all. Returns the status to end with where nothing else is to be done,
  /// the signal that ended the check early, and the device that workers use here.
  ///
  /// Throws the error with which every worker would end. A user's program is not checked.
  func rehearse(
    _ program: String, _ task: WorkerTask, _ run: RunSettings, _ placement: WorkerEnvironment,
    _ hosts: HostPlan?, _ environment: [String: String], _ signals: borrowing SignalReader
  ) throws -> (status: CInt?, interruption: Signal?, machine: String?)? {
    guard run.dryRun || !WorkerProgram.isNamed(by: environment), !run.printConfig else { return nil }
    let rehearsal = try Rehearsal(
      WorkerCommand(
        program: program, task: task.rehearsing(overwriting: run.overwrite),
        environment: placement.rehearsing(on: hosts).environment(rank: 0, inheriting: environment)), signals)
    if let signal = rehearsal.interruption { return (nil, signal, nil) }
    if run.dryRun {
      try rehearsal.show()
      return (rehearsal.ending.exitStatus, nil, nil)
    }
    if let refusal = rehearsal.refusal { throw refusal }
    return (nil, nil, MachineLine.content(in: rehearsal.output))
  }

  /// Ends before a worker is started; returns the exit status.
  ///
  /// - Parameter again: How to continue from what is saved already; nil where nothing is.
  private func end(on signal: Signal, again: String?) -> CInt {
    var errors = Sink(descriptor: STDERR_FILENO)
    errors.write(
      Console.line("\(signal): ending before a worker is started" + (again.map { "; \($0) goes on" } ?? "")))
    errors.drain(patience: .milliseconds(500))
    return again == nil ? 128 + signal.number : ExitStatus.stoppedEarly.rawValue
  }
}
