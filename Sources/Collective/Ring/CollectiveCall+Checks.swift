internal import Wire

extension CollectiveCall {
  /// Throws where a header is not that of `rank`, in the run, the start and the group that `identity` names.
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

  /// Throws where a header of `rank` belongs to another call.
  func check(_ header: FrameHeader, from rank: Int) throws(CollectiveError) {
    let theirs = CollectiveCall(of: header)
    guard theirs != self else { return }
    if theirs.operation == Operation.farewell.rawValue {
      throw .lostPeer(rank: rank, operation: name, observation: "it has left the group")
    }
    throw .mismatch(rank: rank, operation: name, expected: description, found: theirs.description)
  }
}
