/// What is left to be seen of what a program wrote to a terminal: lines, and the cursor's ways up and to the end.
public struct Terminal {
  /// The lines, without blanks at their ends.
  public private(set) var lines: [String] = [""]
  private var row = 0

  /// Shows what was written.
  public init(showing text: String) {
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      switch scalar {
      case "\n": moveDown()
      case "\r": break
      case "\u{1b}": obey(&rest)
      default: lines[row].unicodeScalars.append(scalar)
      }
    }
  }

  private mutating func moveDown() {
    row += 1
    if row == lines.count { lines.append("") }
  }

  /// `ESC [ number letter`: A goes up, J clears from here on; whatever else is a colour.
  private mutating func obey(_ rest: inout Substring.UnicodeScalarView) {
    guard rest.popFirst() == "[" else { return }
    let number = rest.prefix { ("0"..."9").contains($0) || $0 == ";" }
    rest.removeFirst(number.count)
    switch rest.popFirst() {
    case "A": row = max(0, row - (Int(String(number)) ?? 1))
    case "J":
      lines.removeSubrange((row + 1)...)
      lines[row] = ""
    default: break
    }
  }
}
