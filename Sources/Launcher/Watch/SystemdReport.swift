import Glibc
import RunControl
import WorkerLink

/// Decides what to tell systemd and when. Pure: the caller passes the time and the state of the run.
struct SystemdReport: Sendable {
  /// The state of the run.
  struct State: Equatable, Sendable {
    var attempt = 0
    /// The last status of rank 0; nil before the first step of this attempt.
    var step: WorkerStatus?
    /// A counter that grows whenever every rank has made progress.
    var movement = 0
    /// When a run that was asked to stop will be killed. Not set after a failure: a service that announces
    /// its stop gets no further signal from systemd, which kills what is left when its own timeout is over.
    var end: Duration?
    var isWaiting = false
  }

  /// The least time between two STATUS messages.
  static let interval = Duration.seconds(1)
  /// The least time between two looks, however short systemd's watchdog interval is; it should be four times
  /// this.
  static let shortestInterval = Duration.milliseconds(50)
  /// How much longer than the unit's timeout a start may take between two signs of life.
  static let extensionOfStart = Duration.seconds(120)

  /// systemd's watchdog interval; nil where it has no watchdog.
  private let watchdog: Duration?
  /// Whether the service becomes ready with its first step instead of at once.
  private let waitsForStep: Bool
  private var isReady = false
  private var isStopping = false
  private var status: String?
  private var told: Duration?
  private var fed = Duration.zero
  private var movementWhenFed = 0
  private var movementWhenExtended = -1

  /// When to call `messages` next.
  private(set) var deadline = Duration.zero

  init(watchdog: Duration?, waitsForStep: Bool) {
    self.watchdog = watchdog
    self.waitsForStep = waitsForStep
  }

  /// Returns the messages to send now.
  mutating func messages(_ state: State, at now: Duration) -> [String] {
    var messages: [String] = []
    if !isReady, !waitsForStep || state.step != nil { messages += ready(state, at: now) }
    if !isReady { messages += extended(state) }
    if let end = state.end, !isStopping, !state.isWaiting { messages += stopping(until: end, at: now) }
    guard now >= deadline else { return messages }
    deadline = now + lookInterval
    messages += newStatus(state, at: now)
    if isReady { messages += fedWatchdog(state, at: now) }
    return messages
  }

  /// Returns the last messages; READY=1 first if a run succeeded before it was ready, since systemd would
  /// call that a protocol error.
  mutating func lastMessages(_ reason: String, errno: CInt?, succeeded: Bool) -> [String] {
    let ready = succeeded && !isReady ? ["READY=1"] : []
    return ready + ["STOPPING=1", "STATUS=\(reason)"] + (errno.map { ["ERRNO=\($0)"] } ?? [])
  }
}

extension SystemdReport {
  private mutating func ready(_ state: State, at now: Duration) -> [String] {
    isReady = true
    fed = now
    movementWhenFed = state.movement
    // Whoever waits for `systemctl start` wants to see a status at once.
    (deadline, told) = (now, nil)
    return ["READY=1"]
  }

  /// Extends the start timeout while the start shows progress: large folders or a failed first attempt take
  /// long.
  private mutating func extended(_ state: State) -> [String] {
    guard state.movement != movementWhenExtended || state.isWaiting else { return [] }
    movementWhenExtended = state.movement
    return ["EXTEND_TIMEOUT_USEC=\(microseconds(Self.extensionOfStart))"]
  }

  /// Extends the stop timeout: the workers may have more time to save than the unit allows.
  private mutating func stopping(until end: Duration, at now: Duration) -> [String] {
    isStopping = true
    let rest = max(.zero, end - now) + Fleet.patienceAfterKill
    return ["STOPPING=1", "EXTEND_TIMEOUT_USEC=\(microseconds(rest))"]
  }

  private mutating func newStatus(_ state: State, at now: Duration) -> [String] {
    if let told, now - told < Self.interval { return [] }
    let text = text(of: state)
    guard text != status else { return [] }
    (status, told) = (text, now)
    return ["STATUS=\(text)"]
  }

  /// Feeds the watchdog at half its interval, as sd_watchdog_enabled(3) advises, or later, as soon as all
  /// ranks have moved.
  private mutating func fedWatchdog(_ state: State, at now: Duration) -> [String] {
    guard let watchdog, now - fed >= watchdog / 2, state.movement != movementWhenFed || state.isWaiting else {
      return []
    }
    fed = now
    movementWhenFed = state.movement
    return ["WATCHDOG=1"]
  }

  private var lookInterval: Duration {
    watchdog.map { min(Self.interval, max(Self.shortestInterval, $0 / 4)) } ?? Self.interval
  }

  private func text(of state: State) -> String {
    var parts = state.attempt > 0 ? ["attempt \(state.attempt)"] : []
    if isStopping { parts.append("stopping") }
    if state.isWaiting { parts.append("waiting to start again after a failure") }
    if let step = state.step {
      parts.append(
        placeText(
          epoch: step.epoch ?? 0, step: step.step, of: step.stepsOfEpoch, loss: step.loss,
          imagesPerSecond: step.imagesPerSecond))
    } else if !state.isWaiting {
      parts.append(waitsForStep ? "starting" : "running")
    }
    return parts.joined(separator: ", ")
  }

  private func microseconds(_ duration: Duration) -> Int { Int(duration / .microseconds(1)) }
}
