import Recipe
import RunControl

/// The state of a run of a sweep, as read from its files.
enum SweepStanding: Equatable {
  /// It has no files yet.
  case waiting
  /// It was begun and can be resumed.
  case interrupted
  case running
  case done
  /// It ended with that status, and would again.
  case failed(CInt)

  init(_ history: RunHistory?) {
    guard let history, !history.isEmpty else {
      self = .waiting
      return
    }
    self =
      switch history.ending {
      case .running: .running
      case .done: .done
      // The run's flags made it diverge, so another start would diverge too.
      case .failed(ExitStatus.diverged.rawValue, _): .failed(ExitStatus.diverged.rawValue)
      case .failed, .stopped, .killed, .elsewhere, .untold: .interrupted
      }
  }

  /// The state by the run's files, or, where there are none, by the text in the sweep's table: that of a run
  /// that could not start.
  init(_ history: RunHistory?, noted text: String) {
    self.init(history)
    guard self == .waiting, let open = text.lastIndex(of: "("),
      let status = CInt(text[text.index(after: open)...].prefix { $0 != ")" })
    else { return }
    self = .failed(status)
  }

  /// Returns the exit status of a whole sweep.
  static func status(of all: [SweepStanding]) -> CInt {
    if all.contains(where: { !$0.isOver }) { return ExitStatus.stoppedEarly.rawValue }
    return all.lazy.compactMap { if case .failed(let status) = $0 { status } else { nil } }.first ?? 0
  }

  var isOver: Bool {
    switch self {
    case .done, .failed: true
    case .waiting, .interrupted, .running: false
    }
  }

  /// The state in a word or two, for tables.
  var text: String {
    switch self {
    case .waiting: "waiting"
    case .interrupted: "interrupted"
    case .running: "running"
    case .done: "done"
    case .failed(let status):
      switch ExitStatus(rawValue: status) {
      case .diverged: "diverged"
      case .usage, .badConfiguration: "refused (\(status))"
      default: "failed (\(status))"
      }
    }
  }
}
