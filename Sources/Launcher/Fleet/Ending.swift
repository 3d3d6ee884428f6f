import Glibc
import Recipe
import RunControl

/// How one worker process ended.
enum Ending: Equatable, Codable, Sendable {
  /// It returned this exit code.
  case exited(CInt)
  /// This signal ended it.
  case killed(CInt)
  /// What it needs to start was refused; carries the reason, and the status of that.
  case notStarted(String, ExitStatus)
  /// It outlived SIGKILL, which happens when a driver holds it inside the kernel.
  case stuck
  /// The launcher ended it, because it did nothing for longer than it may.
  case hung(Hang)
  /// Its host is not there, or cannot take part.
  case withoutHost(HostFault)
}

extension Ending {
  /// The work is done.
  static let done = Ending.exited(ExitStatus.done.rawValue)
  /// It lost a peer, or found a defect of its own.
  static let lostPeer = Ending.exited(ExitStatus.software.rawValue)
  /// It stopped early, with its state saved.
  static let stoppedEarly = Ending.exited(ExitStatus.stoppedEarly.rawValue)

  /// The ending of a worker that the launcher no longer wanted to start.
  static let withdrawn = Ending.notStarted("the run was over", .badConfiguration)

  /// The ending of a worker that could not be started.
  init(refused error: LaunchError) { self = .notStarted(error.description, error.exitStatus) }

  /// Reads the status word of `waitpid(2)`.
  init(waitStatus: CInt) {
    let signal = waitStatus & 0x7f
    self = signal == 0 ? .exited((waitStatus >> 8) & 0xff) : .killed(signal)
  }

  /// The exit status with which the launcher passes this ending on: the worker's own, or 128 + signal.
  var exitStatus: CInt {
    switch self {
    case .exited(let code): code
    case .killed(let signal): 128 + signal
    case .notStarted(_, let status): status.rawValue
    case .stuck: 128 + Signal.kill.number
    case .hung: ExitStatus.software.rawValue
    case .withoutHost(let fault): fault.status
    }
  }

  /// Whether the worker ended as intended: done, or stopped early with its state saved.
  var isOrderly: Bool {
    self == .done || self == .stoppedEarly
  }

  /// Whether `signal` has this effect on a process, directly or through a shell that reports it.
  func isEffect(of signal: Signal) -> Bool {
    self == .killed(signal.number) || self == .exited(128 + signal.number)
  }
}

extension Ending: CustomStringConvertible {
  var description: String {
    switch self {
    case .exited(let code): "exit \(code)"
    case .killed(let number): "killed by \(Signal(number)) (signal \(number))"
    case .notStarted(let reason, _): "could not be started: \(reason)"
    case .stuck: "still there after SIGKILL"
    case .hung(let hang): hang.description
    case .withoutHost(let fault): fault.reason
    }
  }
}

/// The end of one rank, as the launcher saw it.
struct WorkerEnd: Equatable, Sendable {
  let rank: Int
  let ending: Ending
  /// Time since the launcher started, on the monotonic clock.
  let moment: Duration
  /// Whether the launcher's own signals caused this end.
  let stoppedByLauncher: Bool
}

/// The outcome of an attempt once every worker has ended; the last attempt's is the run's.
struct Outcome: Equatable, Sendable {
  /// The end of each rank, in rank order.
  let ends: [WorkerEnd]
  /// The rank that failed first, if any failed.
  var firstFailure: Int?
  /// The signal by which the launcher was asked to stop, if it was.
  var stopSignal: Signal?
  /// The attempt's number, and when it began, as time since the launcher started.
  var attempt = 0
  var start = Duration.zero
  /// Its progress, where it is known.
  var progress: Progress?
  /// Whether a worker failed because its disk stayed full for as long as it waited.
  var lacksRoom = false
  /// Whether a run that was asked to stop can resume from what was saved before this attempt, as another
  /// attempt would have.
  var isResumable = false
  /// Whether the run was asked to stop while a restart was pending; the earlier failure then does not decide
  /// its exit status.
  var isStopped = false
  /// The ranks whose processes were stopped meanwhile; a worker that gave up had waited for them.
  var stoppedRanks: [Int] = []
  /// Why a failed run was not restarted, where that needs saying.
  var reasonToStop: String?

  /// Within this time, ranks that end with the same status are taken to have met the same fault.
  private static let together = Duration.seconds(2)

  /// Returns the rank, and those that ended by themselves in the same way, at about that time and with the
  /// same exit status.
  func ranks(alike rank: Int) -> [Int] {
    let first = ends[rank]
    guard case .exited = first.ending else { return [rank] }
    let others = ends.filter {
      $0.rank != rank && $0.ending == first.ending && !$0.stoppedByLauncher
        && $0.moment - first.moment < Self.together
    }
    return [rank] + others.map(\.rank)
  }

  /// Whether the run is done or can be resumed.
  var isOrderly: Bool { [.done, .stoppedEarly].contains(ExitStatus(rawValue: exitStatus)) }

  /// The failure by which the run ends, if it does.
  var decisiveFailure: WorkerEnd? { isStopped ? nil : firstFailure.map { ends[$0] } }

  /// The launcher's exit status: the first failure's, or 75 where work remains, or 0.
  var exitStatus: CInt {
    if let decisiveFailure { return decisiveFailure.ending.exitStatus }
    if ends.allSatisfy({ $0.ending == .done }) { return ExitStatus.done.rawValue }
    if isResumable || ends.allSatisfy(\.ending.isOrderly) { return ExitStatus.stoppedEarly.rawValue }
    return 128 + (stopSignal ?? .terminate).number
  }
}

/// A signal number, printed by its name.
struct Signal: Hashable, Codable, Sendable {
  let number: CInt

  init(_ number: CInt) {
    self.number = number
  }

  static let hangUp = Signal(SIGHUP)
  static let interrupt = Signal(SIGINT)
  static let terminate = Signal(SIGTERM)
  static let kill = Signal(SIGKILL)
  static let user1 = Signal(SIGUSR1)
  static let user2 = Signal(SIGUSR2)
}

extension Signal: CustomStringConvertible {
  var description: String {
    Self.names[number] ?? "signal \(number)"
  }

  private static let names: [CInt: String] = [
    SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
    SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGUSR1: "SIGUSR1",
    SIGSEGV: "SIGSEGV", SIGUSR2: "SIGUSR2", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM",
    SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ", SIGSYS: "SIGSYS",
  ]
}
