import Drawing
import RunControl
import System

/// The report of a failed attempt, printed last: which rank failed first, how, and what to do next.
struct FailureReport: Sendable {
  let runIdentifier: String
  var outcome: Outcome
  let failure: WorkerEnd
  /// Nil where the worker could not be started.
  let process: Int32?
  let lastLines: [String]
  /// Nil where no logs are kept.
  let logPath: String?
  var advice: Advice
  /// The phase that the worker was in, where it published one.
  var phase: String?
  /// The attempt's number; nil where there is only one.
  var attempt: Int?
  /// The card that the worker computed on; nil where it used none.
  var card: String?
  /// The card's last reading; nil where none could be made.
  var cardReading: CardReading?
  /// The out-of-memory kills meanwhile, and which counter shows them.
  var memoryKills: MemoryKills.Count?
  /// The worker's own message about the failure, where it left one in a file.
  var message: String?
  /// A short description of the worker's host; nil where the run has only one.
  var host: String?
  /// Which host has which ranks, where the run has several hosts.
  var places: HostPlaces?

  /// The command lines that a report can recommend.
  struct Advice: Sendable {
    /// One process in the foreground, where the fault shows by itself: a program and its arguments.
    var debug: [String]
    /// How to repeat and resume: `the same command`, with the flags that resume from the last checkpoint.
    var again = "the same command with --resume auto"
    /// Whether the run has saved something, so that the bare command would start a second run.
    var isUnderWay = false
    /// The folder of images, where the run reads one.
    var data: String?
    /// Whether workers end with our documented exit statuses, unlike a user's program.
    var knowsStatuses = true
  }

  /// The whole report; each line ends in a newline.
  var text: String {
    let phases = [facts, tail, others, nextSteps].filter { !$0.isEmpty }
    let body = Array(phases.joined(separator: [""]))
    return framed(body, "\(subject), and the run was stopped")
  }

  /// The failed rank, how it failed and why, in one line.
  var inShort: String {
    let reason =
      hostFault?.reason ?? message?.split(separator: "\n").first.map(String.init) ?? ownWords
      ?? (explanation == .unknown ? nil : cause)
    let parts = [hostFault == nil ? "\(failure.ending)" : nil, reason.map { masked($0) }].compactMap(\.self)
    return String("\(subject): \(parts.joined(separator: "; "))".prefix(500))
  }

  /// The worker's last line with an error message.
  private var ownWords: String? {
    guard case .exited = failure.ending else { return nil }
    return lastLines.last { $0.contains("error: ") }.flatMap {
      $0.split(separator: "error: ").last.map(String.init)
    }
  }

  /// The short report of an attempt that is followed by another.
  var shortText: String {
    framed([facts, tail].filter { !$0.isEmpty }.joined(separator: [""]), subject)
  }
}

extension FailureReport {
  private static let width = 76

  /// Why a whole host's ranks are missing; nil where a worker failed by itself.
  private var hostFault: HostFault? {
    guard case .withoutHost(let fault) = failure.ending else { return nil }
    return fault
  }

  private var subject: String {
    hostFault?.heading ?? "rank \(failure.rank) failed"
  }

  private var rule: String { String(repeating: "─", count: Self.width) }

  private func framed(_ body: some Sequence<String>, _ title: String) -> String {
    let start = "── \(title) "
    let heading = start + String(repeating: "─", count: max(2, Self.width - start.count))
    return ([heading] + body + [rule]).map { $0 + "\n" }.joined()
  }

  private func row(_ name: String, _ value: String) -> String {
    let padding = String(repeating: " ", count: max(1, 9 - name.count))
    return "   \(name)\(padding)\(value)"
  }

  private var facts: [String] {
    let worker =
      "rank \(failure.rank) of \(outcome.ends.count)" + (host.map { " on \($0)" } ?? "")
      + (process.map { ", pid \($0)" } ?? "")
    let moment = elapsed(failure.moment - outcome.start)
    let run = row("run", runIdentifier + (attempt.map { ", attempt \($0)" } ?? ""))
    if let hostFault {
      return [run, row("ended", "\(moment) after the start"), row("reason", hostFault.reason)]
        + [hostFault.likely.map { row("likely", $0) }, place.map { row("at", $0) }].compactMap(\.self)
    }
    return [
      run,
      row("worker", worker + (card.map { ", card \($0)" } ?? "")),
    ] + [cardReading?.text.map { row("card", $0) }].compactMap(\.self) + [
      row("ended", "\(failure.ending), \(moment) after the start")
    ] + (message.map(rows(ofMessage:)) ?? [row("likely", cause)])
      + [place.map { row("at", $0) }, logPath.map { row("log", $0) }].compactMap(\.self) + stacks
  }

  /// The first lines of the worker's own message.
  private func rows(ofMessage message: String) -> [String] {
    let lines = message.split(separator: "\n").prefix(Self.longestMessage).map(String.init)
    return lines.enumerated().map { row($0.offset == 0 ? "error" : "", masked($0.element)) }
  }

  private static let longestMessage = 12

  private var explanation: Explanation {
    switch failure.ending {
    case .exited where !advice.knowsStatuses: .unknown
    case .notStarted where !advice.knowsStatuses: .unstartable
    case .exited where outcome.lacksRoom: .withoutRoom
    default: failure.ending.explanation
    }
  }

  /// The newest recorded step, and the worker's phase.
  private var place: String? {
    let step = outcome.progress.map { "epoch \($0.epoch), after step \($0.step) of the run" }
    let parts = [step, phase.map { "in \($0)" }].compactMap(\.self)
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  private var stacks: [String] {
    guard case .hung = failure.ending, logPath != nil else { return [] }
    return [row("stacks", "of all ranks that could still write them: in their logs")]
  }

  /// The ring cannot tell a stopped peer from a slow one, and not always which one it is; the kernel knows.
  private var cause: String {
    if failure.ending == .killed(Signal.kill.number), let memoryKills { return memoryKills.cause }
    guard failure.ending == .lostPeer, !outcome.stoppedRanks.isEmpty else {
      return explanation.cause
    }
    let names = outcome.stoppedRanks.map { "rank \($0)" }.joined(separator: ", ")
    return "\(names) was stopped, by a signal or a debugger, and the others waited for it"
  }

  private var tail: [String] {
    guard hostFault == nil else { return [] }
    guard !lastLines.isEmpty else { return [row("output", "none")] }
    let title = lastLines.count == 1 ? "its last line" : "its last \(lastLines.count) lines"
    return ["   \(title)"] + lastLines.map { "   │ \($0)" }
  }

  private var others: [String] {
    // Where a host is the cause, every rank counts as another.
    let others = outcome.ends.filter { hostFault != nil || $0.rank != failure.rank }
    guard !others.isEmpty else { return [] }
    return [hostFault == nil ? "   the others" : "   the ranks"]
      + others.map { row("rank \($0.rank)", fate(of: $0) + place(of: $0.rank)) }
  }

  private func place(of rank: Int) -> String { places?.host(of: rank).map { ", on host \($0)" } ?? "" }

  private func fate(of end: WorkerEnd) -> String {
    switch end.ending {
    case .done: "finished"
    case .hung(let hang): hang.description
    case .killed(Signal.kill.number) where end.stoppedByLauncher:
      "stopped by the launcher, with SIGKILL as it did not end by itself"
    case .notStarted where end.stoppedByLauncher: "not started"
    case .withoutHost(let fault):
      switch fault.kind {
      case .lost: "lost with its host"
      case .unheard: "not heard any more"
      default: "not started"
      }
    case _ where end.stoppedByLauncher: "stopped by the launcher"
    case .stoppedEarly: "stopped early"
    default:
      "\(end.ending) after \(hostFault.map { HostPlaces.names(of: $0.hosts) } ?? "rank \(failure.rank)") was lost"
    }
  }

  private var nextSteps: [String] {
    switch explanation.nextStep {
    case .debug where !outcome.stoppedRanks.isEmpty:
      [row("next", "\(advice.again), after finding out who stopped it")]
    case .debug:
      [row("next", shellQuoted(advice.debug))]
    case .again(let change):
      [row("next", "\(advice.isUnderWay ? advice.again : "the same command"), after \(change)")]
    case .resume(let change):
      [row("next", "\(advice.again), after \(change)")]
    case .askKernel:
      [
        row("next", "dmesg | tail    (names the process when memory ran out)"),
        row("then", advice.again),
      ]
    case .scanData:
      [row("next", "twins-worker dataset scan \(shellQuoted([advice.data ?? "DIR"])) --decode")]
    }
  }
}
