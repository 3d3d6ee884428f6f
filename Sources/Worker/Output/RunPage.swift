import Flags
import RunControl
import Training

/// `report.html` of a run that has no launcher to keep it.
final class RunPage: StepObserver {
  private var keeper: ReportKeeper
  private let start = ContinuousClock.now

  /// Of the run that writes into a folder.
  init(of folder: String) { keeper = ReportKeeper(of: folder, flag: flag(setting:)) }

  func finish(_ summary: EpochSummary) { say(keeper.look(summary.epoch, at: .now - start)) }

  /// Writes the page of the run that is over.
  func close() { say(keeper.finish()) }

  private func say(_ fault: String?) {
    if let fault { Console.warn(fault) }
  }
}
