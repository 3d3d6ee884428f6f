/// The last thing a failed run prints: which rank failed first, how, and what to do next.
struct FailureReport: Sendable {
  let runIdentifier: String
  let outcome: Outcome
  let failure: WorkerEnd
  /// Nil where the worker could not be started.
  let process: Int32?
  let lastLines: [String]
  let logPath: String
  /// What follows `twins-launch` and `twins-worker` on the command lines that it recommends.
  let workerArguments: [String]

  /// The whole report, each line ended.
  var text: String {
    let sections = [facts, tail, others, advice].filter { !$0.isEmpty }
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
      row("likely", failure.ending.explanation.cause),
      row("log", logPath),
    ]
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

  private var advice: [String] {
    switch failure.ending.explanation.nextStep {
    case .debug:
      [row("next", "twins-worker train \(shellQuoted(workerArguments))")]
    case .again(let change):
      [row("next", "the same command, after \(change)")]
    case .askKernel:
      [
        row("next", "dmesg | tail    (names the process when memory ran out)"),
        row("then", "the same command with --resume auto"),
      ]
    case .scanData:
      [row("next", "twins-worker dataset scan \(shellQuoted([dataPath]))")]
    }
  }

  private var dataPath: String {
    WorkerArguments.value(of: "--data-path", in: workerArguments) ?? "DIR"
  }
}
