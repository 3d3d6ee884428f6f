import Glibc
import Recipe

/// The usual cause of a failure, and what to do about it.
struct Explanation: Equatable, Sendable {
  let cause: String
  let nextStep: NextStep

  /// For a status that is not one of ours.
  static let unknown = Explanation(cause: "not known; its lines may say more", nextStep: .debug)

  /// For a user's program that could not be started.
  static let unstartable = Explanation(
    cause: "a limit of this machine is reached", nextStep: .again(after: "checking `ulimit -a`"))

  /// For a worker that waited for disk space in vain.
  static let withoutRoom = Explanation(
    cause: "the disk is full",
    nextStep: .resume(after: "freeing as much as its last line says; `df -h` shows where"))

  /// The command or change to try next.
  enum NextStep: Equatable, Sendable {
    /// Run one worker in the foreground, where the fault shows without the other workers.
    case debug
    /// Run the same command again, after this change.
    case again(after: String)
    /// Resume the run, after this change.
    case resume(after: String)
    /// Check the data set's files.
    case scanData
    /// Ask the kernel which processes it killed.
    case askKernel
  }
}

extension Ending {
  /// Explains a worker's failure.
  var explanation: Explanation {
    switch self {
    case .exited(let code): Self.explanation(ofCode: code)
    case .killed(let number): Self.explanation(ofSignal: number)
    case .notStarted(_, .inputOutput):
      Explanation(cause: ExitStatus.inputOutput.meaning, nextStep: .again(after: "mending what this names"))
    case .notStarted:
      Explanation(
        cause: "the worker program cannot run here, or a limit of this machine is reached",
        nextStep: .again(after: "checking TWINS_WORKER and `ulimit -a`"))
    case .stuck:
      Explanation(cause: "a driver holds it inside the kernel", nextStep: .askKernel)
    case .hung(let hang): Explanation(cause: hang.cause, nextStep: hang.nextStep)
    case .withoutHost(let fault): fault.explanation
    }
  }

  private static func explanation(ofCode code: CInt) -> Explanation {
    guard let code = ExitStatus(rawValue: code) else {
      return .unknown
    }
    return Explanation(cause: code.meaning, nextStep: nextStep(after: code))
  }

  private static func nextStep(after code: ExitStatus) -> Explanation.NextStep {
    switch code {
    case .done, .stoppedEarly, .software: .debug
    case .badData: .scanData
    case .diverged: .again(after: "lowering --lr, or raising --warmup-epochs")
    case .usage, .missingInput, .noDevice, .inputOutput, .badConfiguration:
      .again(after: "mending what its lines name")
    }
  }

  private static func explanation(ofSignal number: CInt) -> Explanation {
    switch number {
    case SIGKILL:
      Explanation(cause: "killed from outside, or by the kernel because memory ran out", nextStep: .askKernel)
    case SIGTERM, SIGINT, SIGHUP, SIGQUIT:
      Explanation(
        cause: "somebody sent the signal to this worker alone", nextStep: .again(after: "finding out who"))
    case SIGSEGV:
      Explanation(
        cause: "a defect, or a limit of memory that `ulimit -v` shows: it touched memory that is not its own",
        nextStep: .debug)
    case SIGBUS:
      Explanation(
        cause: "memory that a file backs could not be had: a full /dev/shm or disk, or a file cut short",
        nextStep: .again(after: "making room; `df -h` shows it"))
    case SIGILL, SIGTRAP, SIGABRT:
      Explanation(
        cause: "the program stopped itself: a defect, or a limit that `ulimit -a` shows; its lines may tell",
        nextStep: .debug)
    case SIGXCPU, SIGXFSZ:
      Explanation(cause: "a limit of this machine", nextStep: .again(after: "raising it with `ulimit`"))
    default: Explanation(cause: "unknown", nextStep: .debug)
    }
  }
}

extension Ending {
  /// The ending and, for a documented exit code, its meaning.
  fileprivate var words: String {
    guard case .exited(let status) = self, let code = ExitStatus(rawValue: status) else { return description }
    return "\(description), \(code.meaning)"
  }
}

extension Outcome {
  /// How the run ended, for systemd's status line.
  var reason: String {
    if let failure = decisiveFailure {
      if case .withoutHost(let fault) = failure.ending { return fault.reason }
      return "rank \(failure.rank) failed: \(failure.ending.words)"
    }
    return ExitStatus(rawValue: exitStatus)?.meaning ?? "stopped"
  }

  /// The failure as an errno for systemd; nil where no errno describes it.
  func errno(outOfMemory: Bool) -> CInt? {
    guard let decisiveFailure else { return nil }
    switch decisiveFailure.ending {
    case .killed(SIGKILL): return outOfMemory ? ENOMEM : nil
    case .killed, .stuck: return nil
    case .hung: return ETIMEDOUT
    case .notStarted(_, let status): return status == .inputOutput ? EIO : ENOEXEC
    case .withoutHost: return EHOSTUNREACH
    case .exited(let status):
      switch ExitStatus(rawValue: status) {
      case .usage, .badConfiguration: return EINVAL
      case .missingInput: return ENOENT
      case .noDevice: return ENODEV
      case .inputOutput: return EIO
      default: return nil
      }
    }
  }
}
