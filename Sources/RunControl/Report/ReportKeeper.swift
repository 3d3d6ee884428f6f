import Checkpoint
import FoundationEssentials
import Glibc
import System
import WorkerLink

/// Keeps a run's page, `report.html`, up to date after epochs, and once more at the end.
///
/// A page is made on a thread of the lowest priority, and so seldom that it takes at most a hundredth of the
/// time, however long the run's files have grown. A failure to write is reported once and does not stop
/// training.
package struct ReportKeeper {
  private let output: String
  private let flag: RunReport.FlagNaming
  private let state = Monitor(State())
  /// The last epoch for which a page was begun.
  private var epoch: Int?

  private struct State {
    var isWriting = false
    /// When the next page may be begun, relative to this object's creation.
    var next = Duration.zero
    /// Why a page was not written.
    var fault: String?
    var isFaultKnown = false
  }

  /// The shortest time between the starts of two pages, and the factor on the time that one took.
  private static let (shortestPause, restShare) = (Duration.seconds(10), 100)

  /// Keeps the page of the run that writes to a folder.
  package init(of output: String, flag: @escaping RunReport.FlagNaming = { _ in nil }) {
    (self.output, self.flag) = (output, flag)
  }

  /// Begins a page if an epoch was finished since the last one and enough time has passed.
  ///
  /// - Parameter finished: The epoch that was finished last.
  /// - Returns: A message to show, if any.
  package mutating func look(_ finished: Int?, at now: Duration) -> String? {
    if let finished, finished != epoch, begins(at: now) {
      epoch = finished
      writeApart(at: now, niceness: 19) { $0.history }
    }
    return newFault
  }

  /// Writes the page of a finished run; returns a message to show, if any.
  ///
  /// - Parameter patience: The longest wait for a disk that does not answer.
  package func finish(within patience: Duration = .seconds(30)) -> String? {
    let end = ContinuousClock.now + patience
    let isFree = settle(by: end)
    if isFree {
      state.withLock { $0.isWriting = true }
      writeApart(at: .zero) { $0.hasRecipe ? $0.historyOfEnded : nil }
    }
    guard isFree, settle(by: end) else {
      return "warning: \(RunLayout.report) is still being written after \(patience): no longer waited for"
    }
    return newFault
  }

  /// Writes the page of a run again after an evaluation of its weights; returns a message to show, if any.
  package static func refresh(besides evaluation: String, flag: @escaping RunReport.FlagNaming) -> String? {
    let output = Folders.parent(of: evaluation)
    guard EvaluationNote.weights(of: "\(evaluation)/\(RunLayout.classes)") != nil,
      let folder = RunFolder(output), folder.output != nil, folder.hasRecipe
    else { return nil }
    return write(folder, folder.history, flag).map { "warning: \(RunLayout.report) was not written: \($0)" }
  }

  /// Waits until no page is being written; returns whether that is so.
  @discardableResult
  func settle(by end: ContinuousClock.Instant = .now + .seconds(600)) -> Bool {
    state.wait(until: end) { $0.isWriting ? nil : true } ?? false
  }

  private func begins(at now: Duration) -> Bool {
    state.withLock { state in
      guard !state.isWriting, now >= state.next else { return false }
      state.isWriting = true
      return true
    }
  }

  private func writeApart(
    at now: Duration, niceness: CInt? = nil, _ history: @escaping @Sendable (RunFolder) -> RunHistory?
  ) {
    let (output, state, flag) = (output, state, flag)
    let body: @Sendable () -> Void = {
      // Affects this thread only: in Linux, each thread has its own priority.
      if let niceness { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness) }
      let watch = ContinuousClock.now
      let fault = RunFolder(output).flatMap { folder in
        history(folder).flatMap { Self.write(folder, $0, flag) }
      }
      let pause = max(Self.shortestPause, (.now - watch) * Self.restShare)
      state.withLock { ($0.isWriting, $0.next, $0.fault) = (false, now + pause, fault) }
    }
    if let thread = try? OwnedThread("report", takesSignals: false, body) {
      thread.detach()
    } else {
      state.withLock {
        ($0.isWriting, $0.next, $0.fault) = (false, now + Self.shortestPause, "no thread for it")
      }
    }
  }

  /// Writes the page; returns why that failed, or nil.
  private static func write(
    _ folder: RunFolder, _ history: RunHistory, _ flag: @escaping RunReport.FlagNaming
  ) -> String? {
    guard let output = folder.output else { return nil }
    let report = RunReport(
      history, EvaluationNote(ofRunIn: output), at: Date().timeIntervalSince1970, flag: flag)
    do throws(CheckpointError) {
      try AtomicFile.write(report.text, to: "\(output)/\(RunLayout.report)")
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// A fault not reported yet.
  private var newFault: String? {
    state.withLock { state in
      guard let fault = state.fault, !state.isFaultKnown else { return nil }
      state.isFaultKnown = true
      return "warning: \(RunLayout.report) was not written: \(fault.asSentence) Training goes on without it"
    }
  }
}
