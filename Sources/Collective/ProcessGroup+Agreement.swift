internal import Wire

extension ProcessGroup {
  /// The ranks that hold other bytes than most, by a checksum; empty where all hold the same.
  ///
  /// Every rank gives what should be the same everywhere, and gets the same answer.
  public func disagreeing(about bytes: UnsafeRawBufferPointer) throws(CollectiveError) -> [Int] {
    try disagreeing(with: UInt64(CRC32C(of: bytes).value))
  }

  /// The ranks whose digest is not the one of more than half of all ranks; all of them where there is no such digest.
  public func disagreeing(with digest: UInt64) throws(CollectiveError) -> [Int] {
    let digests = try allGather(withUnsafeBytes(of: digest.littleEndian, Array.init))
    let common = digests.first { one in 2 * digests.count { $0 == one } > size }
    return digests.indices.filter { digests[$0] != common }
  }
}
