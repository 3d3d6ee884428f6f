internal import Wire

extension RingGroup {
  /// Replaces the elements in `range` by their sums over all ranks, in the order of `docs/algorithms.md`.
  public func allReduceSum(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError) {
    if buffer.isShared {
      return try performShared(.allReduce, on: buffer, range) { $0.sum(range, intoAll: true) }
    }
    let plan = RingPlan.allReduce(range, rank: rank, size: size, grain: grain)
    try perform(.allReduce, plan: plan, on: buffer, range, wire: gradientWire)
  }

  /// Leaves each sum of the elements in `range` with its owner.
  public func reduceScatterSum(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError) {
    if buffer.isShared {
      return try performShared(.reduceScatter, on: buffer, range) { $0.sum(range, intoAll: false) }
    }
    let plan = RingPlan.reduceScatter(range, rank: rank, size: size, grain: grain)
    try perform(.reduceScatter, plan: plan, on: buffer, range, wire: gradientWire)
  }

  /// Replaces every element in `range` by its owner's value.
  public func allGatherBlocks(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError) {
    if buffer.isShared { return try performShared(.allGatherBlocks, on: buffer, range) { $0.spread(range) } }
    let plan = RingPlan.allGatherBlocks(range, rank: rank, size: size, grain: grain)
    try perform(.allGatherBlocks, plan: plan, on: buffer, range)
  }

  private func perform(
    _ operation: CollectiveCall.Operation, plan: RingPlan, on buffer: SymmetricBuffer, _ range: Range<Int>,
    wire: WireFormat = .float32
  ) throws(CollectiveError) {
    precondition((0..<buffer.count).contains(range), "\(range) of \(buffer.count) floats")
    try perform(
      operation, element: wire.element, range: range, plan: plan,
      on: UnsafeMutableRawBufferPointer(buffer.floats), wire: wire)
  }

  /// Replaces `bytes` by those of rank `root`; `root` may return before the others have them.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CollectiveError) {
    precondition((0..<size).contains(root), "root \(root) of \(size) ranks")
    let plan = RingPlan.broadcast(byteCount: bytes.count, root: root, rank: rank, size: size, grain: grain)
    try perform(.broadcast, range: 0..<bytes.count, root: root, plan: plan, on: bytes)
  }

  /// Returns every rank's `bytes`, by rank; a rank may give at most 4 GiB - 1.
  public func allGather(_ bytes: [UInt8]) throws(CollectiveError) -> [[UInt8]] {
    let lengths = try gatherLengths(bytes.count)
    let total = lengths.reduce(0, +)
    let all = UnsafeMutableRawBufferPointer.allocate(byteCount: total, alignment: 1)
    defer { all.deallocate() }
    let places = starts(of: lengths)
    UnsafeMutableRawBufferPointer(rebasing: all[places[rank]]).copyBytes(from: bytes)
    let plan = RingPlan.allGather(lengths: lengths, rank: rank, grain: grain)
    try perform(.allGather, range: 0..<total, plan: plan, on: all)
    return places.map { Array(all[$0]) }
  }

  /// Returns once every rank has called it.
  public func barrier() throws(CollectiveError) {
    let plan = RingPlan.signals(rank: rank, size: size, grain: grain)
    try perform(.barrier, plan: plan, on: UnsafeMutableRawBufferPointer(start: nil, count: 0))
  }

  private func gatherLengths(_ length: Int) throws(CollectiveError) -> [Int] {
    precondition(length <= UInt32.max, "\(length) bytes from one rank")
    let width = MemoryLayout<UInt32>.size
    let all = UnsafeMutableRawBufferPointer.allocate(byteCount: size * width, alignment: width)
    defer { all.deallocate() }
    all.storeBytes(of: UInt32(length).littleEndian, toByteOffset: rank * width, as: UInt32.self)
    let plan = RingPlan.allGather(lengths: Array(repeating: width, count: size), rank: rank, grain: grain)
    try perform(.allGather, range: 0..<all.count, plan: plan, on: all)
    return all.bindMemory(to: UInt32.self).map { Int(UInt32(littleEndian: $0)) }
  }

  private func starts(of lengths: [Int]) -> [Range<Int>] {
    var start = 0
    return lengths.map { length in
      defer { start += length }
      return start..<start + length
    }
  }
}

extension RingGroup {
  /// Gathers every rank's words, by rank, as a part of `call`; each rank gives equally many.
  func gather(_ words: [UInt64], during call: CollectiveCall) throws(CollectiveError) -> [[UInt64]] {
    let width = MemoryLayout<UInt64>.stride
    let length = words.count * width
    let all = UnsafeMutableRawBufferPointer.allocate(byteCount: size * length, alignment: width)
    defer { all.deallocate() }
    let table = all.bindMemory(to: UInt64.self)
    for (index, word) in words.enumerated() { table[rank * words.count + index] = word.littleEndian }
    // The default grain, whatever this group's: a few words then always fit one message.
    let plan = RingPlan.allGather(
      lengths: Array(repeating: length, count: size), rank: rank, grain: RingGrain())
    var exchange = RingExchange(call, plan: plan, on: all)
    try run(&exchange, silence: timeouts.silence)
    return (0..<size).map { rank in
      words.indices.map { UInt64(littleEndian: table[rank * words.count + $0]) }
    }
  }

  /// The ranks from the previous one back to this one: where several disagree, the first is blamed.
  var backwards: [Int] { (1...size).map { (rank - $0).modulo(size) } }
}
