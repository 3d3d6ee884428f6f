import Checkpoint

/// What to print about saves: a failure once, until it changes or ends; a success if somebody asked for it.
struct SaveReports {
  /// Whether the newest save failed.
  private(set) var lastFailed = false
  private var trouble: SaveFailure.Kind?
  private var expected: Set<String> = []
  /// Whether messages speak of copies of what the first host saves.
  private let areOfCopies: Bool

  init(ofCopies areOfCopies: Bool = false) { self.areOfCopies = areOfCopies }

  /// Notes that somebody waits for a checkpoint.
  mutating func expect(_ name: CheckpointName) { expected.insert("\(name)") }

  /// The lines about a finished save.
  mutating func lines(about outcome: CheckpointWriter.Outcome) -> [String] {
    switch outcome {
    case .success(let saved): lines(about: saved)
    case .failure(let failure): lines(about: failure)
    }
  }

  private mutating func lines(about saved: SavedCheckpoint) -> [String] {
    let wasAskedFor = expected.remove(saved.name) != nil
    let isRelief = trouble != nil
    (trouble, lastFailed) = (nil, false)
    var lines: [String] = []
    if wasAskedFor || isRelief { lines.append("\(owner)checkpoint \(saved.name) is saved") }
    if let warning = saved.warning { lines.append("warning: an older checkpoint stays: \(warning)") }
    return lines
  }

  private mutating func lines(about failure: SaveFailure) -> [String] {
    let wasAskedFor = expected.remove(failure.name) != nil
    defer { (trouble, lastFailed) = (failure.kind, true) }
    guard failure.kind != trouble || wasAskedFor else { return [] }
    return ["warning: \(owner)\(failure) What was saved before is as it was, and later steps try again."]
  }

  private var owner: String { areOfCopies ? "this host's copy of " : "" }
}
