import Drawing
import RunControl
import System

/// A table of ranks: what each does, how far it lags, its use of the machine, and its card.
struct RankTable {
  private let status: RunStatus
  private let system: SystemUse?

  /// The most rows; those that need attention come first, and the rest are only counted.
  private static let mostRows = 64

  /// Makes the table.
  ///
  /// - Parameter system: Nil if unknown.
  init(_ status: RunStatus, _ system: SystemUse?) { (self.status, self.system) = (status, system) }

  var html: String? {
    guard !status.ranks.isEmpty else { return nil }
    let most = status.ranks.compactMap(\.step).max() ?? 0
    let ordered = status.ranks.filter(\.needsLook) + status.ranks.filter { !$0.needsLook }
    let shown = ordered.prefix(Self.mostRows)
    let columns = columns(behind: most).filter { column in
      column.isAlways || shown.contains { column.cell($0) != nil }
    }
    let rows = shown.map { rank in columns.map { $0.cell(rank) ?? "" } }
    let more = ordered.count - shown.count
    return Page.table(columns.map(\.name), rows)
      + (more > 0 ? "<p>and \(counted(more, "rank")) more</p>" : "")
  }

  private struct Column {
    let name: String
    var isAlways = false
    let cell: (RunStatus.Rank) -> String?
  }

  private func columns(behind most: Int) -> [Column] {
    let shares = system?.ranks ?? [:]
    return [
      Column(name: "rank", isAlways: true) { "\($0.rank)" },
      Column(name: "state", isAlways: true) { $0.state.rawValue },
      Column(name: "phase") { $0.phase },
      Column(name: "for") { $0.seconds.map { inSeconds(.seconds($0)) } },
      Column(name: "step") { $0.step.map { "\($0)" } },
      Column(name: "behind") { rank in rank.step.flatMap { most > $0 ? counted(most - $0, "step") : nil } },
      Column(name: "starts again") { $0.restarts > 0 ? "\($0.restarts)" : nil },
      Column(name: "processors") { shares[$0.rank]?.busy.map { decimal($0, 2) } },
      Column(name: "memory") {
        shares[$0.rank].map { "\(decimal(Double($0.memory) / Double(1 << 20), 0)) MB" }
      },
      Column(name: "card") { $0.card },
      Column(name: "max memory") { $0.cardPeakMegabytes.map { "\(decimal($0, 0)) MB" } },
      Column(name: "card says") { rank in rank.cardReading.flatMap(\.text) },
      Column(name: "") { $0.remark },
    ]
  }
}

extension RunStatus.Rank {
  /// Whether something is wrong with the rank.
  fileprivate var needsLook: Bool { state == .stopped || state == .stuck || remark != nil }
}
