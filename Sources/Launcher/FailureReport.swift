/// The last thing a failed run prints: which rank failed first, how, and what to do next.
struct FailureReport: Sendable {
  let runIdentifier: String
  let outcome: Outcome
  let failure: WorkerEnd
  /// Nil where the worker could not be started.
  let process: Int32?
  let lastLines: [String]
  /// Nil where no logs are kept.
  let logPath: String?
  let advice: Advice
  /// The ranks whose processes were stopped meanwhile; a worker that gave up waited for them.
  var stoppedRanks: [Int] = []

  /// The command lines that a report may recommend.
  struct Advice: Sendable {
    /// One process in the foreground, where the fault shows by itself: a program and its arguments.
    let debug: [String]
    /// What was done, to be done again: `the same command`, with what makes it go on where it stopped.
    var again = "the same command with --resume auto"
    /// The folder of pictures, where the run reads one.
    var data: String?
  }

  /// The whole report, each line ended.
  var text: String {
    let sections = [facts, tail, others, nextSteps].filter { !$0.isEmpty }
    let body = sections.joined(separator: [""])
    return ([heading] + body + [rule]).map { $0 + "\n" }.joined()
  }
}

extension FailureReport {
  private static let width = 76

  private var rule: String { String(repeating: "─", count: Self.width) }

  private var heading: String {
    let title = "── rank \(failure.rank) failed, and the run was stopped "
    return title + String(repeating: "─", count: max(2, Self.width - title.count))
  }

  private func row(_ name: String, _ value: String) -> String {
    let padding = String(repeating: " ", count: max(1, 9 - name.count))
    return "   \(name)\(padding)\(value)"
  }

  private var facts: [String] {
    let worker = "rank \(failure.rank) of \(outcome.ends.count)" + (process.map { ", pid \($0)" } ?? "")
    return [
      row("run", runIdentifier),
      row("worker", worker),
      row("ended", "\(failure.ending), \(elapsed(failure.moment)) after the start"),
      row("likely", cause),
    ] + (logPath.map { [row("log", $0)] } ?? [])
  }

  /// The ring cannot tell a stopped peer from a slow one, nor always which one it is; the kernel can.
  private var cause: String {
    guard failure.ending == .lostPeer, !stoppedRanks.isEmpty else { return failure.ending.explanation.cause }
    let names = stoppedRanks.map { "rank \($0)" }.joined(separator: ", ")
    return "\(names) was stopped, by a signal or a debugger, and the others waited for it"
  }

  private var tail: [String] {
    guard !lastLines.isEmpty else { return [row("output", "none")] }
    let title = lastLines.count == 1 ? "its last line" : "its last \(lastLines.count) lines"
    return ["   \(title)"] + lastLines.map { "   │ \($0)" }
  }

  private var others: [String] {
    let others = outcome.ends.filter { $0.rank != failure.rank }
    return others.isEmpty ? [] : ["   the others"] + others.map { row("rank \($0.rank)", fate(of: $0)) }
  }

  private func fate(of end: WorkerEnd) -> String {
    switch end.ending {
    case .done: "finished"
    case .killed(Signal.kill.number) where end.stoppedByLauncher:
      "stopped by the launcher, with SIGKILL as it did not end by itself"
    case _ where end.stoppedByLauncher: "stopped by the launcher"
    case .stoppedEarly: "stopped early"
    default: "\(end.ending) after rank \(failure.rank) was lost"
    }
  }

  private var nextSteps: [String] {
    switch failure.ending.explanation.nextStep {
    case .debug where !stoppedRanks.isEmpty:
      [row("next", "\(advice.again), after finding out who stopped it")]
    case .debug:
      [row("next", shellQuoted(advice.debug))]
    case .again(let change):
      [row("next", "the same command, after \(change)")]
    case .askKernel:
      [
        row("next", "dmesg | tail    (names the process when memory ran out)"),
        row("then", advice.again),
      ]
    case .scanData:
      [row("next", "twins-worker dataset scan \(shellQuoted([advice.data ?? "DIR"]))")]
    }
  }
}
