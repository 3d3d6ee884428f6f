import Glibc
import RunControl
import WorkerLink

/// What systemd is to be told and when: pure, told the time and how the run stands.
struct SystemdReport: Sendable {
  /// How the run stands.
  struct State: Equatable, Sendable {
    var attempt = 0
    /// What rank 0 said last; nil before the first step of this attempt.
    var step: WorkerStatus?
    /// Grows whenever every rank has moved.
    var movement = 0
    /// When a run that was asked to stop will have been ended by force. Not after a failure: systemd believes a service
    /// that says so, sends no signal any more, and kills what is still there when its patience is over.
    var end: Duration?
    var isWaiting = false
  }

  /// A status is told at most so often.
  static let interval = Duration.seconds(1)
  /// Looked at least so long apart, however soon systemd wants a sign of life: its interval is to be four times this.
  static let shortestInterval = Duration.milliseconds(50)
  /// For so long a start may go on without a sign of life, beyond what the unit allows.
  static let extensionOfStart = Duration.seconds(120)

  /// How often systemd wants a sign of life; nil where it does not watch.
  private let watchdog: Duration?
  /// Whether the service is ready with the first step, and not at once.
  private let waitsForStep: Bool
  private var isReady = false
  private var isStopping = false
  private var status: String?
  private var told: Duration?
  private var fed = Duration.zero
  private var movementWhenFed = 0
  private var movementWhenExtended = -1

  /// When `messages` is due again.
  private(set) var deadline = Duration.zero

  init(watchdog: Duration?, waitsForStep: Bool) {
    self.watchdog = watchdog
    self.waitsForStep = waitsForStep
  }

  /// What to send now.
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

  /// The last words; a service that ends without ever having been ready would count as one that broke the protocol.
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
    // Who waits for the start wants to see how it went.
    (deadline, told) = (now, nil)
    return ["READY=1"]
  }

  /// A start that shows life may take longer than the unit allows: a large folder, a failed first attempt.
  private mutating func extended(_ state: State) -> [String] {
    guard state.movement != movementWhenExtended || state.isWaiting else { return [] }
    movementWhenExtended = state.movement
    return ["EXTEND_TIMEOUT_USEC=\(microseconds(Self.extensionOfStart))"]
  }

  /// Workers may have been given more time to save than the unit allows.
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

  /// At half of the interval, as the manual advises, or as soon after it as everybody has moved.
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
