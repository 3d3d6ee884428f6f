/// By what somebody asks a launcher to stop its run.
enum StopRequest: Codable, Equatable, Sendable {
  case signal(Signal)
  /// `twins-launch stop`, which does what SIGTERM does.
  case command

  /// By which the run counts as stopped.
  var equivalent: Signal {
    switch self {
    case .signal(let signal): signal
    case .command: .terminate
    }
  }
}

extension StopRequest {
  /// Who stopped the run, as a line of its end has it.
  var author: String {
    switch self {
    case .signal(let signal): signal.description
    case .command: "twins-launch stop"
    }
  }
}

extension StopRequest: CustomStringConvertible {
  /// As a line of the launcher's begins.
  var description: String {
    switch self {
    case .signal(let signal): signal.description
    case .command: "stop requested"
    }
  }
}
