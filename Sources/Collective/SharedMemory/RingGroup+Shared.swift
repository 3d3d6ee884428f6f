extension RingGroup {
  /// An operation on memory that all ranks see: references go round the ring, then each rank does its part.
  ///
  /// A rank whose own reference has come back to no one's surprise knows that all ranks are in this operation, on the
  /// same range of the same buffer: their lanes are theirs no more until all have met again.
  func performShared(
    _ operation: OperationCall.Operation, on buffer: GroupBuffer, _ range: Range<Int>,
    _ part: (SharedLanes) -> Void
  ) throws(CollectiveError) {
    precondition((0..<buffer.count).contains(range), "\(range) of \(buffer.count) floats")
    try perform(operation, element: .float32, range: range) { call throws(CollectiveError) in
      try exchangeReferences(to: buffer, range, during: call)
      part(SharedLanes(buffer.lanes, rank: rank, blocks: blocks))
      try meet(during: call)
    }
  }

  /// Learns that every rank is in this call, and that all mean the same memory.
  func exchangeReferences(
    to buffer: GroupBuffer, _ range: Range<Int>, during call: OperationCall
  ) throws(CollectiveError) {
    let own = [buffer.number, range.lowerBound, range.count].map(UInt64.init)
    let references = try gather(own, during: call)
    for other in backwards where references[other] != own {
      throw .mismatch(
        rank: other, operation: call.name, expected: describe(own), found: describe(references[other]))
    }
  }

  private func describe(_ reference: [UInt64]) -> String {
    "buffer \(reference[0]), \(reference[2]) float32 from \(reference[1]) on"
  }
}
