/// The group of a process that trains alone; its operations change nothing.
public final class SoloGroup: ProcessGroup {
  /// Always 0.
  public let rank = 0
  /// Always 1.
  public let size = 1
  /// This rank owns all blocks.
  public let blocks = BlockLayout(size: 1)

  /// Makes a group of one.
  public init() {}

  /// Makes a buffer in this process's memory.
  public func makeBuffer(count: Int) throws(CollectiveError) -> SymmetricBuffer {
    SymmetricBuffer(count: count)
  }

  /// Leaves the buffer as it is, the sum over one rank.
  public func allReduceSum(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError) {}

  /// Leaves the buffer as it is.
  public func reduceScatterSum(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError) {}

  /// Leaves the buffer as it is.
  public func allGatherBlocks(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError) {}

  /// Leaves `bytes` as they are; `root` must be 0.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CollectiveError) {
    precondition(root == 0, "root \(root) of a group of one")
  }

  /// Returns `bytes` as the only contribution.
  public func allGather(_ bytes: [UInt8]) throws(CollectiveError) -> [[UInt8]] { [bytes] }

  /// Returns at once.
  public func barrier() throws(CollectiveError) {}
}
