/// The documented exit statuses of the project's programs (from `sysexits.h` where one fits).
public enum ExitStatus: Int32, Codable, Sendable, CaseIterable {
  /// Success.
  case done = 0
  /// The command line is invalid.
  case usage = 64
  /// The data set exists but cannot be used.
  case badData = 65
  /// A required file or folder does not exist.
  case missingInput = 66
  /// The device asked for is not available.
  case noDevice = 69
  /// A bug in this program, or a lost peer.
  case software = 70
  /// Reading or writing failed.
  case inputOutput = 74
  /// Stopped early on request; `--resume` continues.
  case stoppedEarly = 75
  /// The settings contradict each other or the weights, or the machine does not allow what they need.
  case badConfiguration = 78
  /// The loss is no longer finite.
  case diverged = 79

  /// The status in a few words, for reports.
  public var meaning: String {
    switch self {
    case .done: "done"
    case .usage: "the command line makes no sense"
    case .badData: "the data set or a file of weights cannot be used"
    case .missingInput: "an input does not exist"
    case .noDevice: "the device is not available"
    case .software: "a defect, or a lost peer"
    case .inputOutput: "reading or writing failed"
    case .stoppedEarly: "stopped early, resumable"
    case .badConfiguration: "the run's values do not fit together, or a limit is too low"
    case .diverged: "the loss diverged"
    }
  }
}
