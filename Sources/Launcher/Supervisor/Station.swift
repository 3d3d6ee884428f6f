import Glibc
import RunControl
import System

/// The means of supervising one host's workers, whoever decides about them: their processes, output, signals
/// and clock.
final class Station {
  /// The present or last attempt.
  private(set) var attempt: Attempt
  /// The run on the hosts of that attempt.
  var launch: Launch { attempt.launch }
  var console: Console
  let ended: ReadyQueue
  let signals: SignalReader
  /// The server of `status`, `stop` and `checkpoint` requests.
  let control: ControlServer?
  /// Notifies systemd of the run's state, where the launcher is a service.
  var service: SystemdService

  private let spawn: Attempt.Spawn
  /// A pipe to which nobody writes. Its write end closes when the launcher ends, however it ends, and each
  /// worker then reads the end of the stream. PR_SET_PDEATHSIG would not do, as it follows the thread that
  /// spawned the worker.
  private let lifeline: Pipe
  private let start = SuspendingClock().now

  init(
    _ launch: Launch, signals: consuming SignalReader, control: ControlServer?, console: Console = Console(),
    spawn: @escaping Attempt.Spawn = WorkerProcess.spawn
  ) throws(LaunchError) {
    self.signals = signals
    self.control = control
    self.console = console
    self.spawn = spawn
    attempt = Attempt(0, of: launch)
    service = SystemdService(environment: launch.environment, isTraining: launch.progressPath != nil)
    ended = try ReadyQueue()
    lifeline = try Pipe()
  }

  /// The time since the station was made, on the monotonic clock.
  var now: Duration { start.duration(to: SuspendingClock().now) }

  /// Prepares an attempt, which becomes the present one even where that fails.
  func prepare(_ next: Attempt) throws(LaunchError) {
    attempt = next
    try attempt.prepare(&console)
  }

  /// Starts a rank of this host.
  func launch(_ rank: Int) throws(LaunchError) {
    try attempt.start(rank, lifeline: lifeline.reading.number, watchedBy: ended, spawn)
  }

  /// Reaps the workers that have ended, in the order of their ends, and also orphans.
  func takeEnded(_ collect: (Int) -> Void) {
    for rank in ended.takeReady() { collect(rank) }
    Orphans.collect(sparing: attempt.workers.values.map(\.identifier))
  }

  /// Waits until there is something to do, or until the first deadline; returns the streams with output to
  /// read.
  ///
  /// - Parameters:
  ///    - others: Further descriptors to wait for.
  ///    - isBusy: Whether there is something to do already, so that this only polls.
  func wait(
    for others: [CInt] = [], isBusy: Bool = false, until deadlines: [Duration?]
  ) -> [Attempt.Source] {
    // While the reader of the launcher's output is behind, the workers' lines stay in their pipes.
    let sources = console.isCongested ? [] : attempt.openStreams
    let own = [ended.descriptor.number, signals.descriptor.number] + [control?.descriptor].compactMap(\.self)
    var entries = (sources.map(\.pipe) + own + others).map {
      pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
    }
    entries += console.waitingSinks.map { pollfd(fd: $0, events: Int16(POLLOUT), revents: 0) }
    let patience = isBusy ? 0 : milliseconds(to: deadlines)
    guard poll(&entries, nfds_t(entries.count), patience) > 0 else { return [] }
    return zip(sources, entries).filter { $1.revents != 0 }.map(\.0)
  }

  private func milliseconds(to deadlines: [Duration?]) -> CInt {
    let all = deadlines + [service.deadline, attempt.liveness?.nextLook]
    guard let deadline = all.compactMap(\.self).min() else { return -1 }
    let rest = max(.zero, deadline - now) / .milliseconds(1)
    return CInt(min(rest.rounded(.up), 60_000))
  }

  /// Writes what the readers take. Reports each lost reader once, in the first rank's log and on stderr,
  /// where somebody will look.
  func flush() {
    console.flush()
    guard let text = console.newlyLostReaders(hasLogs: attempt.logFolder != nil) else { return }
    attempt.note(text, &console)
    console.print("note: \(text)")
  }

  /// Reads once from each of the streams.
  func read(_ streams: [Attempt.Source]) {
    for source in streams { attempt.read(source, into: &console) }
  }
}
