/// Hosts and their network, in the few numbers that determine the time of a sum.
public struct Cluster: Equatable, Sendable {
  /// The number of hosts.
  public var hosts: Int
  /// The number of workers per host.
  public var workers: Int
  /// The bandwidth of a host's network in each direction, without headers, in bytes per second.
  public var bytesPerSecond: Double
  /// The fixed cost of a message to another host, in seconds.
  public var messageSeconds: Double
  /// The time in which a host sums its workers' buffers and returns the sums, in seconds per byte of one
  /// buffer.
  public var hostSecondsPerByte: Double
  /// The number of hosts per group, a divisor of ``hosts``: hosts exchange within their group first, then the
  /// groups exchange their sums. With all hosts, or one, there is a single level.
  public var group = 1
  /// The fraction of a gradient's bytes that travels between hosts.
  public var wireShare = 1.0

  /// Bytes of a block, the unit in which ranks own sums.
  static let blockBytes = 65_536

  /// Makes a cluster whose hosts exchange on one level, in float32.
  public init(
    hosts: Int, workers: Int, bytesPerSecond: Double, messageSeconds: Double, hostSecondsPerByte: Double
  ) {
    self.hosts = hosts
    self.workers = workers
    self.bytesPerSecond = bytesPerSecond
    self.messageSeconds = messageSeconds
    self.hostSecondsPerByte = hostSecondsPerByte
  }
}

extension Cluster {
  /// The number of blocks of `bytes` bytes.
  static func blocks(of bytes: Int) -> Int { (bytes + blockBytes - 1) / blockBytes }

  /// Seconds of one half of a sum: until every block is complete at its owner, or has come from there to all.
  ///
  /// A closed form, exact if all ranks begin together and only the hosts' networks limit: a half ends when
  /// the busiest host has sent and received all of its bytes.
  public func halfSeconds(bytes: Int) -> Double {
    let blocks = Self.blocks(of: bytes)
    let within = Double(bytes) * hostSecondsPerByte / 2
    guard group > 1, group < hosts else { return within + exchangeSeconds(blocks, hosts: hosts) }
    let groups = hosts / group
    // The blocks owned by the ranks of one place after their group has summed.
    let left = (blocks + group * workers - 1) / (group * workers) * workers
    return within + exchangeSeconds(blocks, hosts: group) + exchangeSeconds(left, hosts: groups)
  }

  /// Seconds of a whole sum without overlap.
  public func sumSeconds(bytes: Int) -> Double { 2 * halfSeconds(bytes: bytes) }

  /// Rank b mod n owns block b: with fewer blocks than ranks, a few hosts own all of them, and every other
  /// host sends to these.
  private func exchangeSeconds(_ blocks: Int, hosts: Int) -> Double {
    guard hosts > 1 else { return 0 }
    let rounds = blocks / (hosts * workers)
    let rest = blocks % (hosts * workers)
    let most = rounds * workers + min(workers, rest)
    let least = rounds * workers + max(0, rest - (hosts - 1) * workers)
    let busiest = max(most * (hosts - 1), blocks - least)
    return Double(busiest * Self.blockBytes) * wireShare / bytesPerSecond
      + Double(hosts - 1) * messageSeconds
  }

  /// Seconds until all ranks know each other's reports of a step: headers, then reports pass from host to host, each in
  /// ⌈log₂(hosts)⌉ messages a host.
  public func reportSeconds() -> Double {
    guard hosts > 1 else { return 0 }
    let bytes = (hosts - 1) * workers * Self.reportBytes
    let rounds = Int.bitWidth - (hosts - 1).leadingZeroBitCount
    return Double(bytes) / bytesPerSecond + 2 * Double(rounds) * messageSeconds
  }

  /// The bytes of a rank's report with its length.
  private static let reportBytes = 28
}
