/// How a program of this project ends: the documented statuses (`sysexits.h` where one fits).
public enum ExitStatus: Int32, Codable, Sendable, CaseIterable {
  /// The work is done.
  case done = 0
  /// The command line makes no sense.
  case usage = 64
  /// The data set is there but cannot be used.
  case badData = 65
  /// A file or folder that the run needs does not exist.
  case missingInput = 66
  /// The device asked for is not available.
  case noDevice = 69
  /// A defect in this program, or a peer that was lost.
  case software = 70
  /// Reading or writing failed.
  case inputOutput = 74
  /// Stopped before the end by request; `--resume` goes on.
  case stoppedEarly = 75
  /// The run's values contradict each other or its weights, or the machine allows less than they need.
  case badConfiguration = 78
  /// The loss is no longer finite.
  case diverged = 79

  /// The status in a few words, as reports print it.
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
