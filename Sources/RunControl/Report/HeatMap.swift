import Drawing
import System

/// A confusion matrix drawn in colours: rows are classes, columns predicted classes.
package struct HeatMap {
  private let table: ConfusionTable

  /// The sizes of a cell and a letter in pixels, and the most letters of a name.
  private static let (cell, letter, longest) = (22, 7, 16)
  /// Room for the names.
  private var margin: Int { 12 + Self.letter * (table.names.map { min(Self.longest, $0.count) }.max() ?? 0) }

  /// The share from which on a cell is so dark that its number must be light.
  private static let strong = 0.6

  package init(_ table: ConfusionTable) { self.table = table }

  package var html: String {
    let side = margin + table.names.count * Self.cell
    let note =
      table.names.count < table.classes
      ? "<p>The \(table.names.count) classes of \(table.classes) that are confused most.</p>\n" : ""
    let cells = table.counts.enumerated().flatMap { row, counts in
      counts.enumerated().compactMap { column, count in
        count == 0 ? nil : self.cell(row, column, count, of: max(1, counts.reduce(0, +)))
      }
    }
    return note
      + "<div class=\"wide\" tabindex=\"0\"><svg class=\"heat\" width=\"\(side)\" height=\"\(side)\" "
      + "viewBox=\"0 0 \(side) \(side)\" role=\"img\" aria-label=\"A row a class, a column for what it was taken for\">\n"
      + (labels + cells).joined(separator: "\n") + "\n</svg></div>\n"
      + "<p class=\"hint\">A row a class, a column for what its images were taken for; blue is right, orange is wrong, and the stronger the "
      + "more of the class.</p>"
  }

  private var labels: [String] {
    table.names.enumerated().flatMap { number, name in
      let middle = margin + number * Self.cell + Self.cell / 2
      let short = escaped(name.count > Self.longest ? name.prefix(Self.longest - 1) + "…" : name)
      return [
        "<text class=\"row\" x=\"\(margin - 6)\" y=\"\(middle)\">\(short)</text>",
        "<text class=\"column\" transform=\"translate(\(middle) \(margin - 6)) rotate(-90)\">\(short)</text>",
      ]
    }
  }

  private func cell(_ row: Int, _ column: Int, _ count: Int, of all: Int) -> String {
    let (x, y) = (margin + column * Self.cell, margin + row * Self.cell)
    let share = Double(count) / Double(all)
    let words = "\(table.names[row]) taken for \(table.names[column]): \(counted(count, "image"))"
    return
      "<rect class=\"\(row == column ? "right" : "wrong")\" x=\"\(x)\" y=\"\(y)\" width=\"\(Self.cell - 1)\" "
      + "height=\"\(Self.cell - 1)\" fill-opacity=\"\(decimal(0.15 + 0.85 * share, 2))\"><title>\(escaped(words))</title></rect>"
      + "<text class=\"count\(share > Self.strong ? " strong" : "")\" x=\"\(x + Self.cell / 2)\" y=\"\(y + Self.cell / 2)\">\(count)</text>"
  }
}
