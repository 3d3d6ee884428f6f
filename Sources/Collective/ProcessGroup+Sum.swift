extension ProcessGroup {
  /// The sums of `values` over all ranks; every rank gives as many.
  public func sum(_ values: [Int64]) throws(CollectiveError) -> [Int64] {
    try sum(values, startingAt: 0, with: +)
  }

  /// The sums of `values` over all ranks, added from rank 0 upwards: the same bits on every rank.
  public func sum(_ values: [Double]) throws(CollectiveError) -> [Double] {
    // Minus zero is what adding leaves unchanged: starting from +0 would lose the sign of a sum of minus zeros.
    try sum(values, startingAt: -0.0, with: +)
  }

  private func sum<Value: BitwiseCopyable>(
    _ values: [Value], startingAt zero: Value, with add: (Value, Value) -> Value
  ) throws(CollectiveError) -> [Value] {
    let gathered = try allGather(values.withUnsafeBytes(Array.init))
    var sums = [Value](repeating: zero, count: values.count)
    for (rank, bytes) in gathered.enumerated() {
      let width = MemoryLayout<Value>.stride
      guard bytes.count == values.count * width else {
        throw .mismatch(
          rank: rank, operation: "sum", expected: "\(values.count) values",
          found: "\(bytes.count / width) values")
      }
      for index in sums.indices { sums[index] = add(sums[index], bytes.value(at: index)) }
    }
    return sums
  }
}

extension [UInt8] {
  fileprivate func value<Value: BitwiseCopyable>(at index: Int) -> Value {
    withUnsafeBytes { $0.loadUnaligned(fromByteOffset: index * MemoryLayout<Value>.stride, as: Value.self) }
  }
}
