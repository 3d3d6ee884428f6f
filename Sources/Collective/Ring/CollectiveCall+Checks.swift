internal import Wire

extension CollectiveCall {
  /// Throws unless `header` comes from `rank`, in the run, start and group that `identity` names.
  func checkSender(of header: FrameHeader, being rank: Int, in identity: FrameHeader) throws(CollectiveError)
  {
    try require(header.run, of: rank, toEqual: identity.run, as: "run of digest")
    try require(header.generation, of: rank, toEqual: identity.generation, as: "generation")
    try require(header.size, of: rank, toEqual: identity.size, as: "number of ranks")
    try require(Int(header.rank), of: rank, toEqual: rank, as: "rank")
  }

  private func require<Value: Equatable>(
    _ found: Value, of rank: Int, toEqual expected: Value, as what: String
  ) throws(CollectiveError) {
    guard found == expected else {
      throw .mismatch(
        rank: rank, operation: name, expected: "\(what) \(expected)", found: "\(what) \(found)")
    }
  }

  /// Throws if a header from `rank` belongs to another call.
  func check(_ header: FrameHeader, from rank: Int) throws(CollectiveError) {
    let theirs = CollectiveCall(of: header)
    guard theirs != self else { return }
    if theirs.operation == Operation.farewell.rawValue {
      throw .lostPeer(rank: rank, operation: name, observation: "it has left the group")
    }
    throw .mismatch(rank: rank, operation: name, expected: description, found: theirs.description)
  }

  /// Throws if not all hosts are in this call. The call of most hosts counts as right, or the first host's
  /// among equals; the first host in another call is blamed. While headers that have not arrived could still make
  /// another call that of most hosts, nobody is blamed.
  ///
  /// - Parameters:
  /// - headers: The other hosts' headers that have arrived, by host.
  /// - own: This host, whose call this is.
  /// - all: The number of hosts.
  /// - rank: Returns the rank that sent a host's header.
  func judge(
    _ headers: [Int: FrameHeader], from own: Int, of all: Int, rank: (Int) -> Int
  ) throws(CollectiveError) {
    var calls = headers.mapValues(CollectiveCall.init(of:))
    for (host, call) in calls.sorted(by: { $0.key < $1.key })
    where call.operation == Operation.farewell.rawValue && call != self {
      throw .lostPeer(rank: rank(host), operation: name, observation: "it has left the group")
    }
    calls[own] = self
    guard calls.values.contains(where: { $0 != self }) else { return }
    let hosts = calls.keys.sorted()
    let votes = hosts.map { host in (host, calls.values.count { $0 == calls[host] }) }
    guard let most = votes.map(\.1).max(), let leader = votes.first(where: { $0.1 == most })?.0,
      let right = calls[leader], let odd = hosts.first(where: { calls[$0] != right }), let found = calls[odd]
    else { return }
    let missing = all - calls.count
    let rivals = votes.filter { calls[$0.0] != right }.map(\.1)
    guard missing == 0 || rivals.allSatisfy({ $0 + missing < most }) else { return }
    throw .mismatch(
      rank: rank(odd), operation: right.name, expected: right.description, found: found.description)
  }
}
