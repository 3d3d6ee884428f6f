import Drawing
import RunControl
import System

/// The run's starts, restarts with their causes, and end, the newest first.
struct FailureList {
  private let history: RunHistory

  /// The most entries.
  private static let most = 12

  init(_ history: RunHistory) { self.history = history }

  var html: String? {
    let rows = history.launches.flatMap(Self.rows).reversed()
    guard !rows.isEmpty else { return nil }
    let more = rows.count - Self.most
    return Page.table([], Array(rows.prefix(Self.most))) + (more > 0 ? "<p>and \(more) earlier</p>" : "")
  }

  private static func rows(_ launch: LaunchNote) -> [[String]] {
    [[localTime(launch.began), "began on \(launch.host) with \(counted(launch.workers, "worker"))"]]
      + launch.failures.map { ["", "started again after: \($0)"] }
      + (launch.end.map {
        [[localTime($0.moment), "ended with status \($0.status)" + ($0.reason.map { ": \($0)" } ?? "")]]
      } ?? [])
  }
}
