/// Hosts and what connects them, in the few numbers that the time of a sum depends on.
public struct Cluster: Equatable, Sendable {
  /// The number of hosts.
  public var hosts: Int
  /// Workers of each host.
  public var workers: Int
  /// What a host's network carries each way, headers left out.
  public var bytesPerSecond: Double
  /// What a message to another host costs beside its bytes, in seconds.
  public var messageSeconds: Double
  /// What a host needs to add up its workers' buffers and give them the sums, in seconds a byte of one buffer.
  public var hostSecondsPerByte: Double
  /// Hosts that exchange with one another first, of which ``hosts`` is a multiple; what they come to the groups then exchange.
  /// With all of them, or one, there is one level.
  public var group = 1
  /// The part of a float's bytes that goes from host to host.
  public var wireShare = 1.0

  /// Bytes of a block, the unit in which ranks own sums.
  static let blockBytes = 65_536

  /// A cluster whose hosts exchange on one level, in float32.
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
  /// The blocks that so many bytes are cut into.
  static func blocks(of bytes: Int) -> Int { (bytes + blockBytes - 1) / blockBytes }

  /// Seconds of one half of a sum: until every block is whole at its owner, or has come from there to all.
  ///
  /// A closed form, which is exact where all ranks begin together and hosts' networks are all that limits: a half is over when
  /// the busiest host has sent and received all of its bytes.
  public func halfSeconds(bytes: Int) -> Double {
    let blocks = Self.blocks(of: bytes)
    let within = Double(bytes) * hostSecondsPerByte / 2
    guard group > 1, group < hosts else { return within + exchangeSeconds(blocks, hosts: hosts) }
    let groups = hosts / group
    // What the ranks of one place own once their group has summed.
    let left = (blocks + group * workers - 1) / (group * workers) * workers
    return within + exchangeSeconds(blocks, hosts: group) + exchangeSeconds(left, hosts: groups)
  }

  /// Seconds of a whole sum that nothing hides.
  public func sumSeconds(bytes: Int) -> Double { 2 * halfSeconds(bytes: bytes) }

  /// Block b is that of rank b mod n: where there are fewer blocks than ranks, a few hosts have all of them, and every other
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

  /// Seconds in which all ranks learn what each reports of a step: passed on from host to host, headers first, each time in as
  /// many messages of a host as the number of hosts has binary digits.
  public func reportSeconds() -> Double {
    guard hosts > 1 else { return 0 }
    let bytes = (hosts - 1) * workers * Self.reportBytes
    let rounds = Int.bitWidth - (hosts - 1).leadingZeroBitCount
    return Double(bytes) / bytesPerSecond + 2 * Double(rounds) * messageSeconds
  }

  /// A rank's report and its length.
  private static let reportBytes = 28
}
