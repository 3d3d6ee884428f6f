import Flags
import RunControl
import Training

/// Maintains `report.html` of a run without a launcher.
final class RunPage: StepObserver {
  private var keeper: ReportKeeper
  private let start = ContinuousClock.now

  /// Maintains the page of the run that writes to a folder.
  init(of folder: String) { keeper = ReportKeeper(of: folder, flag: flag(setting:)) }

  func finish(_ summary: EpochSummary) { say(keeper.look(summary.epoch, at: .now - start)) }

  /// Writes the page of the finished run.
  func close() { say(keeper.finish()) }

  private func say(_ fault: String?) {
    if let fault { Console.warn(fault) }
  }
}
