internal import Wire

extension RingGroup {
  /// The header of a message of the previous rank: a part of `call`, or a sign of life.
  func opened(_ message: Message, during call: OperationCall) throws(CollectiveError) -> FrameHeader {
    let header: FrameHeader
    do {
      header = try FrameHeader(decoding: UnsafeRawBufferPointer(message.bytes))
    } catch {
      throw .corrupt(rank: previousRank, operation: call.name, detail: error.description)
    }
    try checkSender(of: header, during: call)
    if let notice = AbortNotice(header, UnsafeRawBufferPointer(message.payload)) {
      throw notice.error(during: call)
    }
    if !header.isSignOfLife { try checkCall(of: header, during: call) }
    return header
  }

  private func checkSender(of header: FrameHeader, during call: OperationCall) throws(CollectiveError) {
    try require(header.run, toEqual: identity.run, as: "run of digest", call)
    try require(header.generation, toEqual: identity.generation, as: "generation", call)
    try require(header.size, toEqual: identity.size, as: "number of ranks", call)
    try require(Int(header.rank), toEqual: previousRank, as: "rank", call)
  }

  private func require<Value: Equatable>(
    _ found: Value, toEqual expected: Value, as name: String, _ call: OperationCall
  ) throws(CollectiveError) {
    guard found == expected else {
      throw .mismatch(
        rank: previousRank, operation: call.name, expected: "\(name) \(expected)", found: "\(name) \(found)")
    }
  }

  private func checkCall(of header: FrameHeader, during call: OperationCall) throws(CollectiveError) {
    let theirs = OperationCall(of: header)
    guard theirs != call else { return }
    if theirs.operation == OperationCall.Operation.farewell.rawValue {
      throw .lostPeer(rank: previousRank, operation: call.name, observation: "it has left the group")
    }
    throw .mismatch(
      rank: previousRank, operation: call.name, expected: call.description, found: theirs.description)
  }
}

extension FrameHeader {
  /// Whether the message says only that its sender waits as well, in whatever operation.
  var isSignOfLife: Bool { operation == OperationCall.Operation.signOfLife.rawValue }
}
