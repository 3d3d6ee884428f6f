import Drawing
import System

/// A grid of misclassified images, each with its class and its predicted class.
package enum MistakeGrid {
  /// The grid as HTML; nil if there are no mistakes.
  ///
  /// - Parameter source: Returns the address of an image, escaped for HTML; nil if it is not shown.
  package static func html(_ mistakes: [EvaluationNote.Mistake], source: (Int) -> String?) -> String? {
    guard !mistakes.isEmpty else { return nil }
    let figures = mistakes.enumerated().map { number, mistake in
      let words = "\(mistake.label), taken for \(mistake.predicted)"
      let image = source(number).map {
        // Embedded images need no lazy loading.
        "<img\($0.hasPrefix("data:") ? "" : " loading=\"lazy\"") src=\"\($0)\" alt=\"\(escaped(words))\">"
      }
      return "<figure>\(image ?? "")<figcaption><b>\(escaped(mistake.label))</b>, taken for "
        + "<b>\(escaped(mistake.predicted))</b> (\(decimal(100 * mistake.confidence, 1)) %)<br>"
        + "<small title=\"\(escaped(mistake.path))\">\(escaped(mistake.shortPath))</small></figcaption></figure>"
    }
    return "<div class=\"grid\">\n\(figures.joined(separator: "\n"))\n</div>"
  }
}

extension EvaluationNote.Mistake {
  /// The end of the path, which distinguishes images.
  fileprivate var shortPath: String {
    let parts = path.split(separator: "/")
    return parts.count > 3 ? "…/" + parts.suffix(3).joined(separator: "/") : path
  }
}
