import Drawing

extension RunStatus {
  /// The status as text for people.
  package var text: String { ([summary] + progress + notes + [""] + table).joined(separator: "\n") }

  /// Whether the workers report phases; a user's own program does not.
  package var hasSteps: Bool { ranks.contains { $0.phase != nil } }

  private var summary: String {
    "run \(run), attempt \(attempt): \(state.rawValue) for \(elapsed(.seconds(uptimeSeconds))), launcher pid \(launcher)"
  }

  private var progress: [String] {
    guard let epoch, let step, let stepsOfEpoch else {
      // A user's own program reports no phases.
      return hasSteps ? ["not in an epoch yet"] : []
    }
    return [
      placeText(epoch: epoch, step: step, of: stepsOfEpoch, loss: loss, imagesPerSecond: imagesPerSecond)
    ]
  }

  private var notes: [String] {
    (hosts ?? []).map(\.line) + [waitsFor.map { "this host waits for \($0)" }].compactMap(\.self)
      + (unread ?? []).map { "\($0): its lines are in the logs alone" }
  }

  private var table: [String] {
    let onCards = ranks.contains { $0.card != nil }
    let names =
      ["rank", "pid", "state", "phase", "for", "step", "restarts"] + (onCards ? ["card", "max mem"] : [])
    let rows = [names + [""]] + ranks.map { $0.cells + (onCards ? $0.cardCells : []) + [$0.mark] }
    return columns(rows)
  }
}

/// The run's position and figures as text for people.
package func placeText(epoch: Int, step: Int, of steps: Int, loss: Double?, imagesPerSecond: Double?)
  -> String
{
  let values = [
    loss.map { "loss \(decimal($0, 4))" }, imagesPerSecond.map { "\(decimal($0, 1)) images/s" },
  ].compactMap { $0 }
  return (["epoch \(epoch), step \(step) of \(steps)"] + values).joined(separator: ", ")
}

extension RunStatus.Host {
  fileprivate var line: String {
    guard let name else { return "host \(host): not here" }
    let silence = silentSeconds.map { ", heard \(inSeconds(.seconds($0))) ago" } ?? ""
    let part = waits == true ? ", takes part from the next start on" : ""
    return "host \(host): \(name)\(address.map { " (\($0))" } ?? "")\(silence)\(part)"
  }
}

extension RunStatus.Rank {
  fileprivate var cells: [String] {
    [
      "\(rank)", pid.map { "\($0)" } ?? "-", state.rawValue, phase ?? "-",
      seconds.map { inSeconds(.seconds($0)) } ?? "-", step.map { "\($0)" } ?? "-", "\(restarts)",
    ]
  }

  fileprivate var cardCells: [String] {
    [
      ([card ?? "-"] + (cardReading?.figureTexts ?? [])).joined(separator: " "),
      cardPeakMegabytes.map { "\(decimal($0, 0)) MB" } ?? "-",
    ]
  }

  /// What is noteworthy about a running rank, as a clause; nil if nothing is.
  package var remark: String? {
    let unsaved = unsaved == true ? "its newest checkpoint was not saved, and its log says why" : nil
    let remarks = [slow, unsaved].compactMap(\.self)
    return remarks.isEmpty ? nil : remarks.joined(separator: "; ")
  }

  fileprivate var mark: String {
    switch state {
    case .stopped: "<- a signal or a debugger holds it; `kill -CONT \(pid ?? 0)` lets it go on"
    case .stuck: "<- stuck"
    case .running, .ended, .waiting: remark.map { "<- \($0)" } ?? ""
    }
  }
}
