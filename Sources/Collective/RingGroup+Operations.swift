internal import Wire

extension RingGroup {
  /// Replaces `values` by their sums over all ranks, in the canonical order.
  public func allReduceSum(_ values: UnsafeMutableBufferPointer<Float>) throws(CollectiveError) {
    let bytes = UnsafeMutableRawBufferPointer(values)
    let plan = RingPlan.allReduce(byteCount: bytes.count, rank: rank, size: size, grain: grain)
    try perform(.allReduce, element: .float32, count: values.count, plan: plan, on: bytes)
  }

  /// Replaces `bytes` by those of rank `root`; `root` may return before the others have them.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CollectiveError) {
    precondition((0..<size).contains(root), "root \(root) of \(size) ranks")
    let plan = RingPlan.broadcast(byteCount: bytes.count, root: root, rank: rank, size: size, grain: grain)
    try perform(.broadcast, count: bytes.count, root: root, plan: plan, on: bytes)
  }

  /// Gives every rank's `bytes`, by rank; a rank may give at most 4 GiB - 1.
  public func allGather(_ bytes: [UInt8]) throws(CollectiveError) -> [[UInt8]] {
    let lengths = try gatherLengths(bytes.count)
    let total = lengths.reduce(0, +)
    let all = UnsafeMutableRawBufferPointer.allocate(byteCount: total, alignment: 1)
    defer { all.deallocate() }
    let places = starts(of: lengths)
    UnsafeMutableRawBufferPointer(rebasing: all[places[rank]]).copyBytes(from: bytes)
    let plan = RingPlan.allGather(lengths: lengths, rank: rank, grain: grain)
    try perform(.allGather, count: total, plan: plan, on: all)
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
    try perform(.allGather, count: all.count, plan: plan, on: all)
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
