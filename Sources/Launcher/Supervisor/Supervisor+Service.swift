import Board
import Glibc
import Recipe

extension Supervisor {
  /// Tells systemd how the run stands, if it listens.
  func tellService() {
    guard service.isHeard else { return }
    service.tell(
      ServiceReport.State(
        attempt: fleet.attempt.number, step: firstRanksStep, movement: movement, end: fleet.endAsAsked,
        isWaiting: fleet.isWaiting), at: now)
  }

  /// Of the board, since the file of a run that is gone on with ends with steps of an earlier attempt.
  private var firstRanksStep: RankState? {
    guard let state = liveness?.board.read(rank: 0)?.state, state.stepsDone > 0 else { return nil }
    return state
  }

  /// Grows as all ranks move: each says so on the board, and rank 0 has a line for every so many steps, none of which
  /// ends before every rank has added its gradients.
  private var movement: Int { outputs[0].outputLines + (liveness?.movement ?? 0) }

  /// Tells systemd how the run ended.
  func endService(_ outcome: Outcome) {
    let code = ExitCode(rawValue: outcome.exitCode)
    let reason = outcome.firstFailure.map { "rank \($0) failed: \(outcome.ends[$0].ending.words)" }
    service.end(
      reason ?? code?.meaning ?? "stopped", errno: outcome.errno(outOfMemory: memoryKills.since != nil),
      succeeded: code == .done || code == .stoppedEarly)
  }
}

extension Ending {
  /// The ending and, for a documented code, what it means.
  fileprivate var words: String {
    guard case .exited(let status) = self, let code = ExitCode(rawValue: status) else { return description }
    return "\(description), \(code.meaning)"
  }
}

extension Outcome {
  /// The failure as the number that systemd shows; nil where none of them says it.
  func errno(outOfMemory: Bool) -> CInt? {
    guard let firstFailure else { return nil }
    switch ends[firstFailure].ending {
    case .killed(SIGKILL): return outOfMemory ? ENOMEM : nil
    case .killed, .stuck: return nil
    case .hung: return ETIMEDOUT
    case .notStarted: return ENOEXEC
    case .exited(let status):
      switch ExitCode(rawValue: status) {
      case .usage, .badConfiguration: return EINVAL
      case .missingInput: return ENOENT
      case .noDevice: return ENODEV
      case .inputOutput: return EIO
      default: return nil
      }
    }
  }
}
