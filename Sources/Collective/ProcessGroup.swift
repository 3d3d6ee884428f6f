/// The ranks of one run, as a rank sees them, and what they compute together.
///
/// Every rank calls the same operations in the same order with the same sizes; each operation returns when this
/// rank has its result, or on a card when that was asked for it. A group belongs to one thread at a time: hand it on only between operations.
/// After an error the group is unusable, and the buffers of the failed operation hold no meaning.
public protocol ProcessGroup: AnyObject {
  /// This process's place, from 0 to ``size`` - 1.
  var rank: Int { get }
  /// The number of ranks.
  var size: Int { get }
  /// Who owns which elements of a buffer.
  var blocks: BlockLayout { get }

  /// Why buffers are not where they were to be, as a sentence; nil where all is as it was asked for.
  var transportNote: String? { get }

  /// Makes a buffer of `count` floats on every rank; the operations below work on such buffers, and on those of cards.
  func makeBuffer(count: Int) throws(CollectiveError) -> SymmetricBuffer

  /// Makes a buffer that every rank sees whole, its ``SymmetricBuffer/place`` shared; nil, on all ranks, where there is no
  /// memory that they share, or not enough.
  func makeSharedBuffer(count: Int) throws(CollectiveError) -> SymmetricBuffer?

  /// The ranks of this rank's host, as a group: its operations may stand between those of this group.
  var ofThisHost: any ProcessGroup { get }

  /// Whether the operations below can work on floats at a place as they lie there, from any thread that has the group.
  ///
  /// Where they cannot, the caller has the group work on a buffer of ``makeBuffer(count:)``, and copies to it and back. The
  /// answer is the same on every rank, and for the group's whole life.
  func canSum(at place: SymmetricBuffer.Place) -> Bool

  /// Replaces the elements in `range` by their sums over all ranks: the same bits on every rank.
  ///
  /// The order of each sum depends only on the element's index in the buffer and on ``size``; see `docs/algorithms.md`.
  func allReduceSum(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError)

  /// Replaces those elements in `range` that this rank owns by their sums over all ranks, the bits of an all-reduce.
  ///
  /// What the buffer then holds in the rest of `range` has no meaning.
  func reduceScatterSum(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError)

  /// Replaces the elements in `range` by their owners'.
  func allGatherBlocks(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError)

  /// Replaces `bytes` by those of rank `root`.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CollectiveError)

  /// Gives every rank's `bytes`, by rank; ranks may give different amounts.
  func allGather(_ bytes: [UInt8]) throws(CollectiveError) -> [[UInt8]]

  /// Returns once every rank has called it.
  func barrier() throws(CollectiveError)

  /// Leaves the group and frees what it held; the group is unusable afterwards.
  func close()

  /// Gives the group up because of what this rank saw outside of it, which the other ranks learn.
  func abandon(because error: CollectiveError)

  /// A failure in the group that this rank can see, between two operations.
  func failureInSight() -> CollectiveError?
}

extension ProcessGroup {
  /// Nothing to say.
  public var transportNote: String? { nil }

  /// Shares no memory.
  public func makeSharedBuffer(count: Int) throws(CollectiveError) -> SymmetricBuffer? { nil }

  /// All ranks are on this host.
  public var ofThisHost: any ProcessGroup { self }

  /// In host memory alone, where this group's own buffers lie.
  public func canSum(at place: SymmetricBuffer.Place) -> Bool {
    switch place {
    case .sharedHost, .host: true
    case .device: false
    }
  }

  /// Does nothing: enough for a group that holds nothing.
  public func close() {}

  /// Does nothing: enough for a group of one.
  public func abandon(because error: CollectiveError) {}

  /// Sees none.
  public func failureInSight() -> CollectiveError? { nil }
}

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

extension ProcessGroup {
  /// The ranks whose digest is not the one of more than half of all ranks; all of them where there is no such digest.
  ///
  /// Every rank gives the digest of what should be the same everywhere, and gets the same answer.
  public func disagreeing(with digest: UInt64) throws(CollectiveError) -> [Int] {
    let digests = try allGather(withUnsafeBytes(of: digest.littleEndian, Array.init))
    let common = digests.first { one in 2 * digests.count { $0 == one } > size }
    return digests.indices.filter { digests[$0] != common }
  }
}
