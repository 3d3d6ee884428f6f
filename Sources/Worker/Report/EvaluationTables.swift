import Datasets
import System
import Training

extension EvaluationReport {
  /// `confusion.csv`: a line for each pair of classes that occurred, by class and then by predicted class.
  var confusionTable: String {
    commaSeparated(
      ["label", "predicted", "images"],
      examination.confusion.lazy.map { cell in
        [names[cell.label].description, names[cell.predicted].description, "\(cell.images)"]
      })
  }

  /// `misclassified.csv`: a line for each misclassified image, the most confident first.
  var mistakeTable: String {
    commaSeparated(
      ["path", "label", "predicted", "confidence"],
      examination.mistakes.lazy.map { verdict in
        [
          path(of: verdict).masked, names[verdict.label].description, names[verdict.predicted].description,
          fixed(Double(verdict.confidence), 6),
        ]
      })
  }
}
