import Checkpoint
import Datasets
import Recipe
import RunControl
import System
import Training
import WorkerLink

/// `by-class.json`: the last evaluation's results by class, for the run's page and report.
final class ClassRecord: StepObserver {
  private let path: String
  private let folder: ImageFolder
  private let thumbnails: Thumbnails
  private var isFaultKnown = false

  /// Records a run's validation images.
  init(_ plan: RunPlan) {
    path = plan.folder.file(RunLayout.classes)
    folder = plan.data.validation
    thumbnails = EvaluationNote.thumbnails(of: folder, plan.recipe.data.preprocessing)
  }

  /// An epoch without evaluation keeps the earlier results.
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
