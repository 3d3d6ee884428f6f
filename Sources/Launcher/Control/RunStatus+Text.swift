extension RunStatus {
  /// The status as people read it.
  var text: String { ([summary] + progress + notes + [""] + table).joined(separator: "\n") }

  private var summary: String {
    "run \(run), attempt \(attempt): \(state.rawValue) for \(elapsed(.seconds(uptimeSeconds))), launcher pid \(launcher)"
  }

  private var progress: [String] {
    guard let epoch, let step, let stepsOfEpoch else { return ["not in an epoch yet"] }
    return [
      placeText(epoch: epoch, step: step, of: stepsOfEpoch, loss: loss, imagesPerSecond: imagesPerSecond)
    ]
  }

  private var notes: [String] { (unread ?? []).map { "\($0): its lines are in the logs alone" } }

  private var table: [String] {
    let rows = [["rank", "pid", "state", "section", "for", "step", "restarts", ""]] + ranks.map(\.cells)
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}

/// Where a run is, as people read it, and how it does there.
func placeText(epoch: Int, step: Int, of steps: Int, loss: Double?, imagesPerSecond: Double?) -> String {
  let values = [
    loss.map { "loss \(decimal($0, 4))" }, imagesPerSecond.map { "\(decimal($0, 1)) images/s" },
  ].compactMap { $0 }
  return (["epoch \(epoch), step \(step) of \(steps)"] + values).joined(separator: ", ")
}

extension RunStatus.Rank {
  fileprivate var cells: [String] {
    [
      "\(rank)", pid.map { "\($0)" } ?? "-", state.rawValue, section ?? "-",
      seconds.map { inSeconds(.seconds($0)) } ?? "-", step.map { "\($0)" } ?? "-", "\(restarts)", mark,
    ]
  }

  private var mark: String {
    switch state {
    case .stopped: "<- a signal or a debugger holds it; `kill -CONT \(pid ?? 0)` lets it go on"
    case .stuck: "<- stuck"
    case .running, .ended: slow.map { "<- \($0)" } ?? ""
    }
  }
}
