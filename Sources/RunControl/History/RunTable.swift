import Drawing
import Glibc
import System

/// A table of runs with one line each, fitted to a width.
package struct RunTable {
  package let histories: [RunHistory]
  /// Seconds since 1970.
  package let now: Double

  package init(histories: [RunHistory], now: Double) { (self.histories, self.now) = (histories, now) }

  private static let heading = ["run", "state", "epochs", "Acc@1", "loss", "took", "began"]
  /// The shortest length to which a name is cut.
  private static let leastName = 12

  /// The table's lines.
  package func lines(width: Int) -> [String] {
    let rows = histories.map(cells)
    let rest = columns([Array(Self.heading.dropFirst())] + rows, rightAligned: [1, 2, 3, 4])
    let room = max(Self.leastName, width - 2 - (rest.map(\.count).max() ?? 0))
    let names = [Self.heading[0]] + histories.map { cut(masked($0.output ?? $0.launcher ?? ""), to: room) }
    return columns(zip(names, rest).map { [$0, $1] })
  }

  private func cells(_ history: RunHistory) -> [String] {
    [
      history.state,
      history.epochsDone.map { "\($0)" + (history.epochs.map { "/\($0)" } ?? "") } ?? "",
      history.best.map { decimal($0.accuracy, 2) } ?? "", history.loss.map { decimal($0, 3) } ?? "",
      history.seconds(at: now).map { elapsed(.seconds($0)) } ?? "",
      history.began.map { localTime($0, seconds: false) } ?? "",
    ]
  }

  /// Cuts a path at its start, since its end says more.
  private func cut(_ text: String, to width: Int) -> String {
    text.count > width ? "…" + text.suffix(width - 1) : text
  }
}
