/// Which rank owns which elements of a buffer.
///
/// The buffer is cut into blocks of equal length, counted from its start, and block b belongs to rank b mod
/// `size`. So an element's owner, and with it the order in which its sum is taken, does not depend on the
/// range that is summed.
public struct BlockLayout: Equatable, Sendable {
  /// Elements of a block.
  public let blockLength: Int
  /// The number of ranks.
  public let size: Int

  /// Makes a layout; by default blocks are of 16,384 floats, 64 KiB.
  public init(blockLength: Int = 16_384, size: Int) {
    precondition(blockLength > 0 && size > 0, "blocks of \(blockLength) over \(size) ranks")
    self.blockLength = blockLength
    self.size = size
  }

  /// The parts of `range` that `rank` owns, block by block, in order.
  public func ranges(of rank: Int, in range: Range<Int>) -> [Range<Int>] {
    guard !range.isEmpty else { return [] }
    let first = range.lowerBound / blockLength
    let last = (range.upperBound - 1) / blockLength
    return stride(from: first + (rank - first).modulo(size), through: last, by: size).map { block in
      (block * blockLength..<(block + 1) * blockLength).clamped(to: range)
    }
  }
}

extension Int {
  /// The remainder that lies in 0..<`divisor`, for negative numbers too.
  func modulo(_ divisor: Int) -> Int {
    let remainder = self % divisor
    return remainder < 0 ? remainder + divisor : remainder
  }
}
