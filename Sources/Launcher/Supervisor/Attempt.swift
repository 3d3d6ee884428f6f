import CLinux
import Collective
import FoundationEssentials
import Glibc
import Recipe
import RunControl
import System
import WorkerLink

/// One start of all ranks: their meeting place, shared files, processes and output.
///
/// Each restart makes a new one, and releases everything of the one before.
final class Attempt {
  let launch: Launch
  /// Counted from 0.
  let number: Int

  /// The process identifiers of all ranks started so far.
  private(set) var processes: [Int: pid_t] = [:]
  private(set) var workers: [Int: WorkerProcess] = [:]
  /// The outputs by rank; empty until the attempt is prepared.
  private(set) var outputs: [Int: RankOutput] = [:]
  /// The watch of the workers' status; nil where none is kept.
  private(set) var liveness: Liveness?
  /// The folder of this attempt's logs; nil where none are kept.
  private(set) var logFolder: String?
  /// The kernel's count of out-of-memory kills before this attempt.
  let memoryKills = MemoryKills()

  private var placement: WorkerEnvironment
  private var task: WorkerTask
  private var progress: ProgressFile?
  private var sockets: SocketFolder?
  /// The shared memory of the workers; closed here once all of them are started.
  private var memory: Descriptor?
  /// The hosts that take part; nil where there is one.
  private let hosts: AttemptHosts?
  /// The socket of the store that the first worker serves to all hosts; closed here once that worker is
  /// started.
  private var store: Descriptor?

  /// Starts one rank.
  typealias Spawn = (WorkerCommand, Int, WorkerProcess.Inheritance) throws(LaunchError) -> WorkerProcess

  /// Makes an attempt that holds nothing yet.
  init(
    _ number: Int, of launch: Launch, on hosts: AttemptHosts? = nil, store: consuming Descriptor? = nil
  ) {
    self.launch = launch
    self.number = number
    self.hosts = hosts
    self.store = store
    placement = launch.placement
    placement.hosts = hosts?.link
    // Workers of an earlier attempt that are still alive must not join this one's ring.
    placement.rendezvous.generation = number
    task = launch.placedTask
    logFolder = launch.logs?.folder(attempt: number)
  }

  /// Prepares everything that can fail before a worker runs.
  func prepare(_ console: inout Console) throws(LaunchError) {
    if let hosts {
      placement.masterPort = hosts.masterPort
      placement.rendezvous.run = hosts.run
      task = hosts.goesOn ? launch.placedTask.goingOn() : launch.placedTask
    } else {
      if number > 0 { placement.masterPort = try FreePort.find() }
      task = launch.resumption?.task(first: launch.task) ?? launch.task
    }
    // Only the host of rank 0, which writes these logs, truncates them: all hosts may share a disk.
    if launch.ranks.contains(0) { launch.resumption?.cutLogs() }
    progress = launch.progressPath.map(ProgressFile.init)
    try makeSockets()
    try openOutputs(&console)
    liveness = try .make(launch)
    placement.hasBoard = liveness != nil
    memory = try sharedMemory()
    if memory == nil { placement.rendezvous.memory = nil }
  }

  /// Starts a rank, whose end `ended` reports; leaves nothing of it where that fails.
  func start(
    _ rank: Int, lifeline: CInt, watchedBy ended: borrowing ReadyQueue, _ spawn: Spawn
  ) throws(LaunchError) {
    liveness?.begin(rank, at: monotonicNanoseconds())
    defer { if rank == launch.ranks.last { dropShared() } }
    do throws(LaunchError) {
      let worker = try spawn(command(rank: rank), rank, inheritance(rank, lifeline))
      workers[rank] = worker
      processes[rank] = worker.identifier
      try ended.watch(worker.handle, rank: rank)
    } catch {
      // A worker that runs but cannot be watched is killed.
      _ = workers.removeValue(forKey: rank)?.collect()
      dropShared()
      throw error
    }
  }

  private func dropShared() {
    memory = nil
    store = nil
  }

  func send(_ signal: Signal, to rank: Int) {
    // A program of the user's need not know that this one asks for a checkpoint: it would end it.
    if launch.isForeign, signal == .user1, workers[rank]?.catches(signal) != true { return }
    // The time for stacks is over with it, whether they are written or not: what a worker says on its way out is for all.
    if signal == .terminate || signal == .kill { outputs[rank]?.isQuiet = false }
    workers[rank]?.send(signal)
  }

  /// Reaps a worker that has ended, and reads the rest of its output; nil where the rank has none.
  func collect(_ rank: Int, _ console: inout Console) -> Ending? {
    guard let worker = workers.removeValue(forKey: rank) else { return nil }
    let ending = worker.collect()
    outputs[rank]?.readRest(of: worker, into: &console)
    return ending
  }

  /// The run's name.
  var run: String { placement.rendezvous.run }

  /// The progress of the run, where it is known.
  var newestProgress: Progress? { progress?.newest }

  /// The ranks whose processes are stopped by a signal or a debugger.
  var stoppedRanks: [Int] { workers.values.filter(\.isStopped).map(\.rank).sorted() }

  func logPath(rank: Int) -> String? {
    logFolder.map { "\($0)/\(RunLayout.log(rank: rank))" }
  }

  /// The absolute path at which a user's program may write its error file; nil where no logs are kept.
  func errorPath(rank: Int) -> String? {
    guard launch.isForeign, let logFolder else { return nil }
    let path = "\(logFolder)/\(RunLayout.error(rank: rank))"
    return path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
  }
}

extension Attempt {
  /// An open stream of a worker.
  struct Source {
    let rank: Int
    let stream: WorkerStream
    let pipe: CInt
  }

  var openStreams: [Source] {
    workers.values.flatMap { worker in
      WorkerStream.allCases.compactMap { stream in
        worker.pipe(of: stream).map { Source(rank: worker.rank, stream: stream, pipe: $0) }
      }
    }
  }

  /// Reads once from a stream, so that a worker that floods its pipe cannot starve the others.
  func read(_ source: Source, into console: inout Console) {
    guard let worker = workers[source.rank] else { return }
    outputs[source.rank]?.read(source.stream, of: worker, into: &console)
  }

  /// Adds a line of the launcher's own to the first rank's log.
  func note(_ text: String, _ console: inout Console) {
    outputs[launch.ranks.lowerBound]?.note(text, console: &console)
  }

  /// Keeps what the workers write, until they are told to end, to their logs, and adds what the kernel says of each.
  func expectStacks(_ console: inout Console) {
    for worker in workers.values {
      outputs[worker.rank]?.isQuiet = true
      for line in ProcessNotes.lines(of: worker.identifier) {
        outputs[worker.rank]?.note(line, console: &console)
      }
    }
  }
}

extension Attempt {
  /// Makes a new folder for the sockets by which the ranks meet.
  private func makeSockets() throws(LaunchError) {
    guard !launch.isForeign else { return }
    let folder = try SocketFolder(environment: launch.environment)
    placement.rendezvous.directory = folder.path
    do {
      // The keys by which ranks over TCP authenticate each other.
      if placement.rendezvous.transport == .tcp {
        try RingSecrets.write(to: folder.path, size: launch.size)
      }
    } catch {
      throw LaunchError("\(error)", exitStatus: .inputOutput)
    }
    sockets = consume folder
  }

  /// Opens the logs. Later attempts run without logs that cannot be opened, rather than end a run that was
  /// well on its way.
  private func openOutputs(_ console: inout Console) throws(LaunchError) {
    do throws(LaunchError) {
      try launch.logs?.make(attempt: number)
      outputs = try logged()
    } catch {
      guard number > 0 else { throw error }
      console.print("\(error) This attempt has no logs.")
      logFolder = nil
      outputs = try logged()
    }
  }

  private func logged() throws(LaunchError) -> [Int: RankOutput] {
    var outputs: [Int: RankOutput] = [:]
    for rank in launch.ranks { outputs[rank] = try RankOutput(rank: rank, logPath: logPath(rank: rank)) }
    return outputs
  }

  /// Returns the memory file that the workers share; nil where their rendezvous wants none.
  ///
  /// It has no name, so nothing is left of it however the processes end. With `auto`, a machine without such
  /// files does without.
  private func sharedMemory() throws(LaunchError) -> Descriptor? {
    let rendezvous = placement.rendezvous
    guard rendezvous.memory != nil else { return nil }
    let file = linux_memory_file("twins-gradients")
    let failure = errno
    guard file >= 0 || rendezvous.transport != .auto else { return nil }
    guard file >= 0 else { throw LaunchError(call: "memfd_create", errno: failure) }
    return try Descriptor(owning: file).aboveInherited()
  }

  private func command(rank: Int) -> WorkerCommand {
    WorkerCommand(
      program: launch.program, task: task,
      environment: placement.environment(rank: rank, inheriting: launch.environment)
        .merging(papers(of: rank)) { $1 })
  }

  /// The variables that name a rank's own files.
  private func papers(of rank: Int) -> [String: String] {
    guard launch.isForeign else { return LauncherLink(log: logPath(rank: rank)).environment }
    return errorPath(rank: rank).map { [TorchrunVariable.errorFile.rawValue: $0] } ?? [:]
  }

  private func inheritance(_ rank: Int, _ lifeline: CInt) -> WorkerProcess.Inheritance {
    // Borrowed: copying out of a noncopyable optional would consume it.
    let shared: CInt? =
      switch memory {
      case .some(let file): file.number
      case .none: nil
      }
    let store: CInt? =
      switch store {
      case .some(let socket) where rank == 0 && !launch.isForeign: socket.number
      default: nil
      }
    return WorkerProcess.Inheritance(
      lifeline: lifeline, memory: shared, board: liveness?.descriptor, store: store)
  }
}
