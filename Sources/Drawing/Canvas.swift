import FoundationEssentials
import Glibc
import System

/// What can be drawn on the destination of standard output.
package struct Canvas: Equatable, Sendable {
  /// Columns.
  package var width: Int
  /// Lines; nil if it is no terminal.
  package var height: Int?
  /// Whether block and braille characters can be shown.
  package var isUnicode: Bool
  /// Whether colours can be shown.
  package var isColoured: Bool

  /// The width for printers and pipes.
  static let plainWidth = 80
  /// The least width.
  private static let leastWidth = 40

  /// The width of a terminal; nil if lines may have any length.
  package var columns: Int? { height == nil ? nil : width }

  /// The destination of standard output, as described by the system and the user's variables.
  package static func standardOutput(_ environment: [String: String]) -> Canvas {
    var size = winsize()
    let isTerminal = isatty(STDOUT_FILENO) == 1
    let isKnown = isTerminal && ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    let isPlain = environment["NO_COLOR"].map { !$0.isEmpty } ?? false || environment["TERM"] == "dumb"
    return Canvas(
      width: isKnown ? max(leastWidth, Int(size.ws_col)) : plainWidth,
      height: isKnown ? Int(size.ws_row) : nil,
      isUnicode: !isPlain && Signs(environment).areUTF8, isColoured: isTerminal && !isPlain)
  }
}

extension Canvas {
  private static let blocks = Array("▁▂▃▄▅▆▇█")
  private static let signs = Array("_.-~=+*#")

  /// A curve in one line of at most `width` characters, from its least value to its greatest; a value that is
  /// not finite leaves a gap.
  package func sparkline(_ values: [Double], width: Int) -> String {
    let levels = isUnicode ? Self.blocks : Self.signs
    let means = Self.means(of: values, atMost: width)
    let finite = means.filter(\.isFinite)
    guard let least = finite.min(), let greatest = finite.max() else { return "" }
    return String(
      means.map { mean -> Character in
        guard mean.isFinite else { return " " }
        let part = greatest > least ? (mean - least) / (greatest - least) : 0.5
        return levels[min(levels.count - 1, Int(part * Double(levels.count)))]
      })
  }

  /// The values, or the means of `count` parts of them.
  package static func means(of values: [Double], atMost count: Int) -> [Double] {
    guard values.count > count, count > 0 else { return values }
    return (0..<count).map { part in
      let range = values[(part * values.count / count)..<((part + 1) * values.count / count)]
      let finite = range.filter(\.isFinite)
      return finite.isEmpty ? .nan : finite.reduce(0, +) / Double(finite.count)
    }
  }
}
