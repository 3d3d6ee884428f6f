extension Fleet {
  /// How long workers get to write their stacks before they are ended.
  static let patienceForStacks = Duration.seconds(2)

  /// Workers are stuck: all write their stacks first, so that it can be seen later where, and are ended then.
  mutating func name(_ hangs: [Hang], at moment: Duration) -> [Action] {
    let hangs = hangs.filter { members[$0.rank].end == nil }
    guard case .running = phase, let first = hangs.first else { return [] }
    for hang in hangs { members[hang.rank].hang = hang }
    firstFailure = firstFailure ?? first.rank
    phase = .writingStacks(deadline: moment + Self.patienceForStacks)
    return end(with: .user2)
  }

  /// All stacks are written, or time is up for them.
  mutating func endAfterStacks(at moment: Duration) -> [Action] {
    guard case .writingStacks = phase else { return [] }
    phase = .running
    return tearDown(at: moment)
  }

  /// Whether workers are writing their stacks now.
  var isWritingStacks: Bool {
    if case .writingStacks = phase { true } else { false }
  }
}
