import Glibc

/// The run as systemd sees it: nothing at all where the launcher is no service.
struct Service: ~Copyable {
  private var notifier: Notifier?
  private var report: ServiceReport

  /// A service that systemd has started with these variables, if it has.
  init(environment: [String: String], isTraining: Bool) {
    notifier = Notifier(environment: environment)
    report = ServiceReport(
      watchdog: Self.watchdog(environment, process: getpid()), waitsForStep: isTraining)
  }

  /// When to tell it again.
  var deadline: Duration? { notifier == nil ? nil : report.deadline }

  /// Whether systemd listens; who asks may spare himself the state.
  var isHeard: Bool { notifier != nil }

  mutating func tell(_ state: ServiceReport.State, at now: Duration) {
    send(report.messages(state, at: now))
  }

  mutating func end(_ reason: String, errno: CInt?, succeeded: Bool) {
    send(report.lastMessages(reason, errno: errno, succeeded: succeeded))
  }

  private mutating func send(_ messages: [String]) {
    if !messages.isEmpty { notifier?.send(messages) }
  }

  /// How often systemd wants a sign of life from the process of that number.
  static func watchdog(_ environment: [String: String], process: pid_t) -> Duration? {
    guard let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0 else {
      return nil
    }
    // A shell in between would pass the variables on to a process that systemd does not mean.
    if let named = environment["WATCHDOG_PID"], named != "\(process)" { return nil }
    return .microseconds(microseconds)
  }
}
