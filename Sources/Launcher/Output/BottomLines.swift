/// Lines that stay at the bottom of a terminal and are redrawn in place.
struct BottomLines: Sendable {
  private let lines: [String]
  private var isShown = false

  /// Whether there are lines that are not drawn at the moment.
  var areHidden: Bool { !isShown && !lines.isEmpty }

  /// Cuts each line to the terminal's width, since the cursor must be moved back up by a known number of
  /// rows.
  init(_ lines: [String], width: Int) { self.lines = lines.map { String($0.prefix(width)) } }

  /// Returns the control text that erases the lines, so that others can be written; empty where they are not
  /// drawn.
  ///
  /// - Parameter columns: The terminal's present width: a terminal made narrower has wrapped the lines.
  mutating func erasure(_ columns: Int?) -> String {
    guard isShown else { return "" }
    isShown = false
    let rows = lines.reduce(0) { rows, line in rows + max(1, columns.map { (line.count + $0 - 1) / $0 } ?? 1)
    }
    return "\u{1b}[\(rows)A\r\u{1b}[J"
  }

  /// Returns the control text that draws the lines.
  mutating func drawing() -> String {
    isShown = true
    return lines.map { $0 + "\n" }.joined()
  }
}
