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
