extension Fleet {
  /// How much earlier than a failed worker's own end its neighbours' may be seen.
  static let leadOfWitness = Duration.seconds(2)

  /// Takes in how a worker ended, and whether that decides the run.
  mutating func record(_ ending: Ending, of rank: Int, at moment: Duration) -> [Action] {
    guard members[rank].end == nil else { return [] }
    let ending = members[rank].hang.map(Ending.hung) ?? ending
    let expected = members[rank].received.contains(where: ending.isEffect(of:))
    let asked = !members[rank].received.isEmpty && ending == .stoppedEarly
    members[rank].end = WorkerEnd(
      rank: rank, ending: ending, moment: moment, stoppedByLauncher: expected || asked)

    var actions: [Action] = []
    if !ending.isOrderly, !expected {
      if firstFailure == nil { actions = tearDown(at: moment) }
      if firstFailure.map({ isWitness($0, of: ending, at: moment) }) ?? true { firstFailure = rank }
    }
    return actions + concludeIfEmpty(at: moment)
  }

  /// Whether the first failure is only that of a worker that lost a peer, and this ending is that peer's.
  ///
  /// The kernel closes the sockets of a process before it reports its end: its neighbours may be quicker to end.
  private func isWitness(_ rank: Int, of ending: Ending, at moment: Duration) -> Bool {
    guard let first = members[rank].end, first.ending == .lostPeer, ending != .lostPeer else { return false }
    return moment - first.moment < Self.leadOfWitness
  }
}
