import Glibc
import RunControl
import System

/// What a supervisor has at hand on its host, whoever decides what happens to the workers: these, their lines, signals and clocks.
final class Station {
  /// The attempt that runs, or ran last.
  private(set) var attempt: Attempt
  /// What is run, on the hosts of that attempt.
  var launch: Launch { attempt.launch }
  var console: Console
  let ended: ReadyQueue
  let signals: SignalReader
  /// Where `status`, `stop` and `checkpoint` come in.
  let control: ControlServer?
  /// Tells systemd how the run goes, where it wants to know.
  var service: SystemdService

  private let spawn: Attempt.Spawn
  /// Nobody writes to it: its write end closes when the launcher ends, by whatever means, and each worker sees
  /// the end of the stream. PR_SET_PDEATHSIG would not do, as it follows the thread that spawned the worker.
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

  /// Time since the station was made, on the monotonic clock.
  var now: Duration { start.duration(to: SuspendingClock().now) }

  /// Gets an attempt ready; it is there even where something stands in the way.
  func prepare(_ next: Attempt) throws(LaunchError) {
    attempt = next
    try attempt.prepare(&console)
  }

  /// Starts a rank of this host.
  func launch(_ rank: Int) throws(LaunchError) {
    try attempt.start(rank, lifeline: lifeline.reading.number, watchedBy: ended, spawn)
  }

  /// Hands over the ranks that have ended, first death first, and collects what nobody else would.
  func takeEnded(_ collect: (Int) -> Void) {
    for rank in ended.takeReady() { collect(rank) }
    Orphans.collect(sparing: attempt.workers.values.map(\.identifier))
  }

  /// Waits for anything to do, at most until the first deadline; returns the streams that have something to read.
  ///
  /// - Parameters:
  ///   - others: What else may become readable.
  ///   - isBusy: Whether there is something to do already.
  func wait(
    for others: [CInt] = [], isBusy: Bool = false, until deadlines: [Duration?]
  ) -> [Attempt.Source] {
    // While the reader of our own output is behind, the workers' lines stay in their pipes.
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

  /// Writes what the readers take, and says once of each that went, where somebody will look: in the first rank's log, and on
  /// stderr.
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
