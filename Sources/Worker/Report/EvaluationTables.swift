import Datasets
import System
import Training

extension EvaluationReport {
  /// `confusion.csv`: a line for each pair of classes that came up, by class and then by what it was taken for.
  var confusionTable: String {
    table(
      ["label", "predicted", "images"],
      examination.confusion.lazy.map { cell in
        [names[cell.label].description, names[cell.predicted].description, "\(cell.images)"]
      })
  }

  /// `misclassified.csv`: a line for each image whose class was not found, the most confident first.
  var mistakeTable: String {
    table(
      ["path", "label", "predicted", "confidence"],
      examination.mistakes.lazy.map { verdict in
        [
          path(of: verdict).masked, names[verdict.label].description, names[verdict.predicted].description,
          fixed(Double(verdict.confidence), 6),
        ]
      })
  }
}

/// Lines of comma-separated values, as spreadsheets and pandas read them.
func table(_ head: [String], _ rows: some Sequence<[String]>) -> String {
  var text = commaSeparated(head)
  for row in rows { text += commaSeparated(row) }
  return text
}

/// One such line with its end.
func commaSeparated(_ values: [String]) -> String {
  values.map(quotedForTable).joined(separator: ",") + "\n"
}

/// A value in quotes where it has a comma, a quote or an end of line in it (RFC 4180).
private func quotedForTable(_ value: String) -> String {
  let needsQuotes = value.unicodeScalars.contains { ",\"\r\n".unicodeScalars.contains($0) }
  return needsQuotes ? "\"" + value.replacing("\"", with: "\"\"") + "\"" : value
}
