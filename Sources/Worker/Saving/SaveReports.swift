import Checkpoint

/// What to say of saves: a trouble once, until it changes, and its end; a success where somebody asked for it.
struct SaveReports {
  /// Whether the newest save came to nothing.
  private(set) var lastFailed = false
  private var trouble: SaveFailure.Kind?
  private var expected: Set<String> = []
  /// In the words of a host that keeps copies of what the first one saves.
  private let areOfCopies: Bool

  init(ofCopies areOfCopies: Bool = false) { self.areOfCopies = areOfCopies }

  /// Notes that somebody waits to hear of a checkpoint.
  mutating func expect(_ name: CheckpointName) { expected.insert("\(name)") }

  /// The lines about a save that has ended.
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
