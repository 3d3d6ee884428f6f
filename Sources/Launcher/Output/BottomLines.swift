/// Lines that stay below all others on a terminal, and are drawn anew in their place.
struct BottomLines: Sendable {
  private let lines: [String]
  private var isShown = false

  /// Whether they have to be drawn to be seen.
  var areHidden: Bool { !isShown && !lines.isEmpty }

  /// Lines for a terminal of so many columns: longer ones are cut, as the cursor has to find its way back.
  init(_ lines: [String], width: Int) { self.lines = lines.map { String($0.prefix(width)) } }

  /// What takes them off the terminal, so that others can be written; empty where they are not shown.
  ///
  /// - Parameter columns: Those of the terminal now: one that has become narrower has broken its lines.
  mutating func erasure(_ columns: Int?) -> String {
    guard isShown else { return "" }
    isShown = false
    let rows = lines.reduce(0) { rows, line in rows + max(1, columns.map { (line.count + $0 - 1) / $0 } ?? 1)
    }
    return "\u{1b}[\(rows)A\r\u{1b}[J"
  }

  /// What shows them.
  mutating func drawing() -> String {
    isShown = true
    return lines.map { $0 + "\n" }.joined()
  }
}
