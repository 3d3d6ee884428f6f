/// Lines that stay below all others on a terminal, and are drawn anew in their place.
struct BottomLines: Sendable {
  private let lines: [String]
  /// How many lines of the terminal they take; 0 while they are not shown.
  private var height = 0

  /// Whether they have to be drawn to be seen.
  var areHidden: Bool { height == 0 && !lines.isEmpty }

  /// Lines for a terminal of so many columns: longer ones are cut, as the cursor has to find its way back.
  init(_ lines: [String], width: Int) { self.lines = lines.map { String($0.prefix(width)) } }

  /// What takes them off the terminal, so that others can be written; empty where they are not shown.
  mutating func erasure() -> String {
    defer { height = 0 }
    return height == 0 ? "" : "\u{1b}[\(height)A\r\u{1b}[J"
  }

  /// What shows them.
  mutating func drawing() -> String {
    height = lines.count
    return lines.map { $0 + "\n" }.joined()
  }
}
