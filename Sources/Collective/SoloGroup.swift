/// The group of a process that trains alone: every operation is its own answer.
public final class SoloGroup: ProcessGroup {
  /// Always 0.
  public let rank = 0
  /// Always 1.
  public let size = 1

  /// Makes a group of one.
  public init() {}

  /// Leaves `values` as they are: the sum over one rank.
  public func allReduceSum(_ values: UnsafeMutableBufferPointer<Float>) throws(CollectiveError) {}

  /// Leaves `bytes` as they are: `root` can only be this rank.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CollectiveError) {
    precondition(root == 0, "root \(root) of a group of one")
  }

  /// Gives back `bytes` as the one contribution.
  public func allGather(_ bytes: [UInt8]) throws(CollectiveError) -> [[UInt8]] { [bytes] }

  /// Returns at once.
  public func barrier() throws(CollectiveError) {}
}
