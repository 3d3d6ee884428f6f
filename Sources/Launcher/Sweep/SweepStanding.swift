import Recipe
import RunControl

/// How far a run of a sweep is, as its files tell.
enum SweepStanding: Equatable {
  /// It has left nothing.
  case waiting
  /// It was begun, and can be gone on with.
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
      // The flags made it so, as another start would find.
      case .failed(ExitStatus.diverged.rawValue, _): .failed(ExitStatus.diverged.rawValue)
      case .failed, .stopped, .killed, .elsewhere, .untold: .interrupted
      }
  }

  /// By what the run has left, and where that is nothing, by what a sweep's table says of it: one that could not start.
  init(_ history: RunHistory?, noted text: String) {
    self.init(history)
    guard self == .waiting, let open = text.lastIndex(of: "("),
      let status = CInt(text[text.index(after: open)...].prefix { $0 != ")" })
    else { return }
    self = .failed(status)
  }

  /// The status of a whole sweep.
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

  /// In a word or two, for tables.
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
