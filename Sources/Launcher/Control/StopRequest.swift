/// How somebody asked a launcher to stop its run.
enum StopRequest: Codable, Equatable, Sendable {
  case signal(Signal)
  /// `twins-launch stop`, which has the effect of SIGTERM.
  case command

  /// The signal by which the run counts as stopped.
  var equivalent: Signal {
    switch self {
    case .signal(let signal): signal
    case .command: .terminate
    }
  }
}

extension StopRequest {
  /// Who stopped the run, for the line about its end.
  var author: String {
    switch self {
    case .signal(let signal): signal.description
    case .command: "twins-launch stop"
    }
  }
}

extension StopRequest: CustomStringConvertible {
  /// The beginning of the launcher's message.
  var description: String {
    switch self {
    case .signal(let signal): signal.description
    case .command: "stop requested"
    }
  }
}
