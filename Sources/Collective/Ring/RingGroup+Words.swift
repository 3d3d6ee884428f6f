extension RingGroup {
  /// Every rank's words, by rank, as one step of a call; each rank gives as many.
  func gather(_ words: [UInt64], during call: OperationCall) throws(CollectiveError) -> [[UInt64]] {
    let width = MemoryLayout<UInt64>.stride
    let length = words.count * width
    let all = UnsafeMutableRawBufferPointer.allocate(byteCount: size * length, alignment: width)
    defer { all.deallocate() }
    let table = all.bindMemory(to: UInt64.self)
    for (index, word) in words.enumerated() { table[rank * words.count + index] = word.littleEndian }
    // The usual grain, whatever this group's: a few words are always one message.
    let plan = RingPlan.allGather(
      lengths: Array(repeating: length, count: size), rank: rank, grain: RingGrain())
    var exchange = RingExchange(call, plan: plan, on: all)
    try run(&exchange, silence: timeouts.silence)
    return (0..<size).map { rank in
      words.indices.map { UInt64(littleEndian: table[rank * words.count + $0]) }
    }
  }

  /// The ranks beginning with the previous one and ending with this: where several differ, it is the first to blame.
  var backwards: [Int] { (1...size).map { (rank - $0).modulo(size) } }
}
