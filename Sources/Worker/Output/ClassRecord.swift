import Checkpoint
import Datasets
import Recipe
import RunControl
import System
import Training
import WorkerLink

/// `by-class.json`: what the last evaluation of training came to by classes, for the run's page and its report.
final class ClassRecord: StepObserver {
  private let path: String
  private let folder: ImageFolder
  private let thumbnails: Thumbnails
  private var isFaultKnown = false

  /// Of a run's held-out images.
  init(_ plan: RunPlan) {
    path = plan.folder.file(RunLayout.classes)
    folder = plan.data.validation
    thumbnails = EvaluationNote.thumbnails(of: folder, plan.recipe.data.preprocessing)
  }

  /// An epoch that was not evaluated leaves what an earlier one came to.
  func finish(_ summary: EpochSummary) {
    guard let tally = summary.tally else { return }
    var note = EvaluationNote(
      images: tally.images, tally.classes, tally.confusions.cells, tally.mistakes.list, in: folder,
      thumbnails: thumbnails)
    (note.epoch, note.acc1) = (summary.epoch, tally.accuracy1)
    do throws(CheckpointError) {
      try note.write(to: path)
    } catch {
      guard !isFaultKnown else { return }
      isFaultKnown = true
      Console.warn(
        "warning: \(RunLayout.classes) was not written: \("\(error)".asSentence) Training goes on without it")
    }
  }
}
