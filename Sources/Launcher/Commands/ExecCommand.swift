import ArgumentParser
import CLinux
import Collective
import FoundationEssentials
import Glibc
import Recipe
import RunControl
import System
import WorkerLink

/// `twins-launch --exec PROGRAM …`: workers that run a user's program in torchrun's environment.
struct ExecCommand: LaunchCommand {
  static let configuration = CommandConfiguration(
    commandName: "exec",
    abstract: "Start any program as N workers, as torchrun does.",
    usage: "twins-launch --nproc N [launch flags] --exec PROGRAM [ARGUMENT…]",
    discussion: """
      All that follows --exec is the program's. It finds torchrun's variables (RANK, WORLD_SIZE, MASTER_ADDR, …) in its \
      environment; what it writes to TORCHELASTIC_ERROR_FILE is in the report of a failure.
      """)

  @OptionGroup(title: "Launch flags") var launch: LaunchFlags

  @Argument(parsing: .postTerminator, help: ArgumentHelp("What each worker runs.", valueName: "program"))
  var command: [String] = []

  /// Rewrites a command line with `--exec` among its flags as one with this subcommand.
  static func asSubcommand(_ arguments: [String]) -> [String] {
    let flags = arguments.prefix { $0 != "--exec" && $0 != "--" }
    guard flags.count < arguments.count, arguments[flags.count] == "--exec" else { return arguments }
    return [configuration.commandName ?? ""] + flags + ["--"] + arguments[(flags.count + 1)...]
  }

  func validate() throws {
    if command.isEmpty {
      throw ValidationError(
        "what the workers run has to follow --exec, or --: twins-launch --nproc 2 --exec python train.py, or "
          + "twins-launch exec --nproc 2 -- python train.py")
    }
  }

  func launch(_ signals: consuming SignalReader, environment: [String: String]) throws -> CInt {
    guard let hosts = try HostStart(launch.hosts, environment: environment) else {
      return try start(signals, environment, on: nil)
    }
    do {
      return try start(signals, environment, on: hosts)
    } catch {
      // Otherwise the other hosts would keep dialling for a long time.
      hosts.turnAway(error)
      throw error
    }
  }

  private func start(
    _ signals: consuming SignalReader, _ environment: [String: String], on hosts: HostStart?
  ) throws -> CInt {
    try requireProgram(environment)
    let identifier = launch.runIdentifier ?? .random()
    let path = folder(of: hosts?.plan)
    let owner = hosts?.owner(named: identifier) ?? "pid \(getpid()), run \(identifier.text)"
    let folder = try RunLock(path: path, owner: owner, besides: nil, of: hosts?.plan)
    defer { withExtendedLifetime(folder) {} }
    let isFirst = hosts?.isFirst ?? true
    let control = try ControlServer(
      run: isFirst ? identifier : nil, folder: path, environment: environment)
    let placement = try placement(identifier, environment)
    var run = Launch(
      grace: .seconds(launch.grace), program: WorkerProgram.launcher,
      task: WorkerTask(arguments: [ExecRank.name, "--"] + command), placement: placement,
      environment: environment,
      logs: LogFolder(in: path),
      advice: FailureReport.Advice(
        debug: ["twins-launch", "--nproc", "\(placement.rendezvous.size)", "--exec"] + command,
        again: "the same command", knowsStatuses: false),
      notes: [hosts?.note, control.note].compactMap(\.self)
        + WorkerCards(for: nil, environment: environment).faults)
    run.hosts = hosts?.plan
    run.restarts = budget
    try run.requireRoom()
    if let hosts, !isFirst {
      return try hosts.follow(
        run, asked: nil, named: launch.runIdentifier, signals: signals, control: control)
    }
    run.journal = RunJournal(in: path, goesOn: false)
    return try run.supervise(signals, control: control, hosts: hosts?.lead(run, nil, asked: nil))
  }

  /// The workers' environment; it has torchrun's variables only.
  private func placement(
    _ run: RunIdentifier, _ environment: [String: String]
  ) throws(LaunchError) -> WorkerEnvironment {
    let size = launch.workers.resolved { WorkerCards(for: nil, environment: environment).count }
    var placement = WorkerEnvironment(
      rendezvous: RingRendezvous(rank: 0, size: size, run: run.text, generation: 0, directory: ""),
      masterPort: try FreePort.find(),
      threads: .asTorchrun(named: launch.threadsPerWorker, environment: environment, workers: size),
      maxRestarts: budget.count)
    placement.isForeign = true
    return placement
  }

  /// A program that does not resume would start from the beginning, so it is restarted only on request.
  private var budget: Restarts.Budget {
    var budget = launch.restarts.budget(usual: 0)
    budget.judgesFailures = false
    return budget
  }

  private func folder(of hosts: HostPlan?) -> String {
    let folder = launch.runFolder ?? RunLayout.launcher
    // All hosts may share a disk.
    guard let hosts, hosts.host > 0 else { return folder }
    return "\(folder)/\(RunLayout.launcher(host: hosts.host))"
  }

  /// Checks once, rather than in every worker, that the program can be run.
  private func requireProgram(_ environment: [String: String]) throws(LaunchError) {
    let name = command[0]
    let folders = (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
    let places = name.contains("/") ? [name] : folders.map { "\($0)/\(name)" }
    guard !places.contains(where: { access($0, X_OK) == 0 }) else { return }
    throw LaunchError(
      "cannot run \(masked(name)): "
        + (name.contains("/") ? errorText(errno) : "no folder of PATH has a program of that name")
        + ". What follows --exec is the program and its arguments, as in --exec python train.py.",
      exitStatus: .badConfiguration)
  }
}

/// A worker of `--exec` before it becomes the user's program.
struct ExecRank: ParsableCommand {
  static let name = "exec-rank"
  static let configuration = CommandConfiguration(commandName: name, shouldDisplay: false)

  @Argument(parsing: .postTerminator)
  var command: [String]

  /// Makes the kernel end the program and its children with the launcher, since they do not watch it.
  func run() throws {
    guard linux_guard_group(WorkerProcess.lifelineDescriptor) == 0 else {
      throw refusal(LaunchError(call: "fork", errno: errno))
    }
    close(WorkerProcess.lifelineDescriptor)
    ProcessSignals.restoreFileSizeLimits()
    withCStrings(command) { _ = execvp(command[0], $0) }
    throw refusal(
      LaunchError("cannot run \(masked(command[0])): \(errorText(errno))", exitStatus: .badConfiguration))
  }
}
