import Recipe

/// How one worker process ended.
enum Ending: Equatable, Sendable {
  /// It returned this exit code.
  case exited(CInt)
  /// This signal ended it.
  case killed(CInt)
  /// The operating system refused to start it; carries the reason.
  case notStarted(String)
  /// It outlived SIGKILL, which happens when a driver holds it inside the kernel.
  case stuck
  /// The launcher ended it, because it did nothing for longer than it may.
  case hung(Hang)
}

extension Ending {
  /// The work is done.
  static let done = Ending.exited(ExitCode.done.rawValue)
  /// It lost a peer, or met a defect of its own.
  static let lostPeer = Ending.exited(ExitCode.software.rawValue)
  /// It stopped early, with its state saved.
  static let stoppedEarly = Ending.exited(ExitCode.stoppedEarly.rawValue)

  /// Reads the status word of `waitpid(2)`.
  init(waitStatus: CInt) {
    let signal = waitStatus & 0x7f
    self = signal == 0 ? .exited((waitStatus >> 8) & 0xff) : .killed(signal)
  }

  /// The exit status with which the launcher passes this ending on: the worker's own, or 128 + signal.
  var exitCode: CInt {
    switch self {
    case .exited(let code): code
    case .killed(let signal): 128 + signal
    case .notStarted: ExitCode.badConfiguration.rawValue
    case .stuck: 128 + Signal.kill.number
    case .hung: ExitCode.software.rawValue
    }
  }

  /// Whether the worker came to the end it was meant to: done, or stopped early with its state saved.
  var isOrderly: Bool {
    self == .done || self == .stoppedEarly
  }

  /// Whether this is what `signal` does to a process, directly or by way of a shell that reports it.
  func isEffect(of signal: Signal) -> Bool {
    self == .killed(signal.number) || self == .exited(128 + signal.number)
  }
}

extension Ending: CustomStringConvertible {
  var description: String {
    switch self {
    case .exited(let code): "exit \(code)"
    case .killed(let number): "killed by \(Signal(number)) (signal \(number))"
    case .notStarted(let reason): "could not be started: \(reason)"
    case .stuck: "still there after SIGKILL"
    case .hung(let hang): hang.description
    }
  }
}
