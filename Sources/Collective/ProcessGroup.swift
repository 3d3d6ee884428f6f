/// The ranks of one run as one rank sees them, with the collective operations that they perform together.
///
/// Every rank calls the same operations in the same order with the same sizes. An operation returns when this
/// rank has its result; on a card it only enqueues the work and returns at once. A group belongs to one
/// thread at a time: hand it on only between operations. After an error the group is unusable, and the failed
/// operation's buffers hold undefined values.
public protocol ProcessGroup: AnyObject {
  /// This process's rank, from 0 to ``size`` - 1.
  var rank: Int { get }
  /// The number of ranks.
  var size: Int { get }
  /// Which rank owns which elements of a buffer.
  var blocks: BlockLayout { get }

  /// Why buffers are not in the memory that was asked for, as a sentence; nil where they are.
  var transportNote: String? { get }

  /// Makes a buffer of `count` floats on every rank. The operations below work on such buffers, and on cards'
  /// buffers where ``canSum(at:)`` says so.
  func makeBuffer(count: Int) throws(CollectiveError) -> SymmetricBuffer

  /// Makes a buffer whose ``SymmetricBuffer/place`` is memory shared by all ranks; nil, on all ranks, where
  /// there is no shared memory or not enough.
  func makeSharedBuffer(count: Int) throws(CollectiveError) -> SymmetricBuffer?

  /// The ranks on this rank's host as a group; its operations may be called between those of this group.
  var ofThisHost: any ProcessGroup { get }

  /// Whether the operations below can work in place on floats at `place`, from any thread that has the group.
  ///
  /// Where they cannot, the caller uses a buffer of ``makeBuffer(count:)`` and copies to it and back. The
  /// answer is the same on every rank, and for the group's whole life.
  func canSum(at place: SymmetricBuffer.Place) -> Bool

  /// Replaces the elements in `range` by their sums over all ranks: the same bits on every rank.
  ///
  /// The order of each sum depends only on the element's index in the buffer and on ``size``; see
  /// `docs/algorithms.md`.
  func allReduceSum(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError)

  /// Replaces those elements in `range` that this rank owns by their sums over all ranks: the bits of an
  /// all-reduce.
  ///
  /// The rest of `range` then holds undefined values.
  func reduceScatterSum(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError)

  /// Replaces every element in `range` by its owner's value.
  func allGatherBlocks(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError)

  /// Replaces `bytes` by those of rank `root`.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CollectiveError)

  /// Returns every rank's `bytes`, by rank; ranks may give different amounts.
  func allGather(_ bytes: [UInt8]) throws(CollectiveError) -> [[UInt8]]

  /// Returns once every rank has called it.
  func barrier() throws(CollectiveError)

  /// Leaves the group and frees what it held; the group is unusable afterwards.
  func close()

  /// Ends the group because of an error outside it, and tells the other ranks the cause.
  func abandon(because error: CollectiveError)

  /// Returns a failure in the group that this rank can see between two operations.
  func failureInSight() -> CollectiveError?
}

extension ProcessGroup {
  /// By default, nil.
  public var transportNote: String? { nil }

  /// By default, nil: the ranks share no memory.
  public func makeSharedBuffer(count: Int) throws(CollectiveError) -> SymmetricBuffer? { nil }

  /// By default, this group: all ranks are on one host.
  public var ofThisHost: any ProcessGroup { self }

  /// By default, true for host memory and false for cards.
  public func canSum(at place: SymmetricBuffer.Place) -> Bool {
    switch place {
    case .sharedHost, .host: true
    case .device: false
    }
  }

  /// By default, does nothing.
  public func close() {}

  /// By default, does nothing.
  public func abandon(because error: CollectiveError) {}

  /// By default, nil.
  public func failureInSight() -> CollectiveError? { nil }
}

extension ProcessGroup {
  /// The sums of `values` over all ranks; every rank gives as many.
  public func sum(_ values: [Int64]) throws(CollectiveError) -> [Int64] {
    try sum(values, startingAt: 0, with: +)
  }

  /// The sums of `values` over all ranks, added from rank 0 upwards: the same bits on every rank.
  public func sum(_ values: [Double]) throws(CollectiveError) -> [Double] {
    // -0.0 is the identity of addition: starting from +0.0 would lose the sign of a sum of minus zeros.
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
  /// Returns the ranks whose digest differs from the majority's; all ranks where no digest has a majority.
  ///
  /// Every rank passes the digest of what should be equal everywhere, and gets the same answer.
  public func disagreeing(with digest: UInt64) throws(CollectiveError) -> [Int] {
    let digests = try allGather(withUnsafeBytes(of: digest.littleEndian, Array.init))
    let common = digests.first { one in 2 * digests.count { $0 == one } > size }
    return digests.indices.filter { digests[$0] != common }
  }
}
