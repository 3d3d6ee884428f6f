internal import System
internal import Wire

/// A round of an all-gather over the hosts: each host sends to one other host and receives from one.
///
/// Contributions are ordered by place: a host's own at 0, then those of the hosts before it, the nearest first. Before the round
/// of distance d a host has d places; in it, it receives as many, or the rest, from the host d places before it. As d doubles, every
/// host has everything after ⌈log₂(hosts)⌉ messages (Bruck et al. 1997, Efficient algorithms for all-to-all communications in
/// multiport message-passing systems).
struct HostRound: Equatable, Sendable {
  /// The host receives from the host `distance` places before it, and sends to the one as many places after it.
  let distance: Int
  /// The places that are sent.
  let sent: Range<Int>
  /// The places that are received.
  var received: Range<Int> { distance..<distance + sent.count }

  /// The rounds for `hosts` hosts, in order; none for one host.
  static func rounds(of hosts: Int) -> [HostRound] {
    sequence(first: 1) { $0 * 2 }.prefix { $0 < hosts }.map { distance in
      HostRound(distance: distance, sent: 0..<min(distance, hosts - distance))
    }
  }
}

extension HostExchange {
  /// Begins a round; `bytes` returns the memory of some places. The received bytes are there once the transfer is over.
  func begin(
    _ round: HostRound, _ call: CollectiveCall, _ bytes: (Range<Int>) -> UnsafeMutableRawBufferPointer
  ) throws(CollectiveError) -> any EngineTransfer {
    let arrival = try receive(into: bytes(round.received), from: host(at: round.distance), during: call)
    try send(UnsafeRawBufferPointer(bytes(round.sent)), to: host(at: -round.distance), during: call)
    return arrival
  }

  /// Waits until a round's bytes have arrived.
  ///
  /// In the first round a host sends its own bytes; in a later one the sender may be waiting itself, so a timeout is a guess.
  func wait(
    for arrival: any EngineTransfer, in round: HostRound, during call: CollectiveCall
  ) throws(CollectiveError) {
    do {
      try wait(for: arrival, during: call)
    } catch {
      guard case .timeout(let rank, let operation, let seconds, _) = error else { throw error }
      throw .timeout(rank: rank, operation: operation, seconds: seconds, isGuess: round.distance > 1)
    }
  }

  /// Returns every host's bytes, by host; their headers state lengths and checksums.
  ///
  /// - Parameter memory: Holds all of them until the next operation.
  func gather(
    _ own: UnsafeRawBufferPointer, announced headers: [Int: FrameHeader], in memory: HostMemory,
    during call: CollectiveCall
  ) throws(CollectiveError) -> [[UInt8]] {
    // The start of each place's bytes, and the end of the last.
    var starts = [0, own.count]
    for place in 1..<max(1, hosts) {
      starts.append(starts[place] + Int(headers[host(at: place)]?.length ?? 0))
    }
    memory.reserve(starts[hosts])
    let all = memory.take(starts[hosts])
    all.copyMemory(from: own)
    func bytes(_ places: Range<Int>) -> UnsafeMutableRawBufferPointer {
      UnsafeMutableRawBufferPointer(rebasing: all[starts[places.lowerBound]..<starts[places.upperBound]])
    }
    for round in rounds {
      try wait(for: try begin(round, call, bytes), in: round, during: call)
      for place in round.received {
        // The sender checked it before passing it on, so a wrong checksum is the sender's.
        try check(
          UnsafeRawBufferPointer(bytes(place..<place + 1)), from: host(at: round.distance),
          against: headers[host(at: place)]?.payloadChecksum ?? 0, during: call)
      }
    }
    return (0..<hosts).map { peer in
      let place = (host - peer).modulo(hosts)
      return Array(bytes(place..<place + 1))
    }
  }
}
