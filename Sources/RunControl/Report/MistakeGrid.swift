import Drawing
import System

/// Images of wrong answers side by side, each with its class and what it was taken for.
package enum MistakeGrid {
  /// Nil where there are none.
  ///
  /// - Parameter source: Where a browser finds the image of that number, as it stands in HTML; nil where it is not shown.
  package static func html(_ mistakes: [EvaluationNote.Mistake], source: (Int) -> String?) -> String? {
    guard !mistakes.isEmpty else { return nil }
    let figures = mistakes.enumerated().map { number, mistake in
      let words = "\(mistake.label), taken for \(mistake.predicted)"
      let image = source(number).map {
        // What stands in the page itself is here already.
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
  /// The end of its path, which tells it from others.
  fileprivate var shortPath: String {
    let parts = path.split(separator: "/")
    return parts.count > 3 ? "…/" + parts.suffix(3).joined(separator: "/") : path
  }
}
