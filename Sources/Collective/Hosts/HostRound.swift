internal import System
internal import Wire

/// One of the rounds in which what every host has comes to all: each sends to one other host, and hears from one.
///
/// What the hosts have lies by place: a host's own at 0, then that of the hosts before it, the nearest first. In a round of
/// distance d a host has those of d places, and gets as many, or the rest, from the host d places before it; d doubles. So all is
/// everywhere after as many messages of each host as the number of hosts has binary digits, and between two hosts after one
/// (Bruck et al. 1997, Efficient algorithms for all-to-all communications in multiport message-passing systems).
struct HostRound: Equatable, Sendable {
  /// How many places before this host the one is that it hears from; the one that it sends to is as many after it.
  let distance: Int
  /// The places whose bytes are sent.
  let sent: Range<Int>
  /// The places whose bytes come.
  var received: Range<Int> { distance..<distance + sent.count }

  /// Those that so many hosts take, in order; none for one.
  static func rounds(of hosts: Int) -> [HostRound] {
    sequence(first: 1) { $0 * 2 }.prefix { $0 < hosts }.map { distance in
      HostRound(distance: distance, sent: 0..<min(distance, hosts - distance))
    }
  }
}

extension HostExchange {
  /// Begins a round of what `bytes` gives for places; what comes is there once the transfer is over.
  func begin(
    _ round: HostRound, _ call: CollectiveCall, _ bytes: (Range<Int>) -> UnsafeMutableRawBufferPointer
  ) throws(CollectiveError) -> any EngineTransfer {
    let arrival = try receive(into: bytes(round.received), from: host(at: round.distance), during: call)
    try send(UnsafeRawBufferPointer(bytes(round.sent)), to: host(at: -round.distance), during: call)
    return arrival
  }

  /// Waits until what a round brings is there.
  ///
  /// In the first one a host sends what it has of its own; in a later one it may wait for another itself.
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

  /// Brings every host's bytes to all, by host, of the lengths and checksums that their headers name.
  ///
  /// - Parameter memory: Where all lie until the next operation.
  func gather(
    _ own: UnsafeRawBufferPointer, announced headers: [Int: FrameHeader], in memory: HostMemory,
    during call: CollectiveCall
  ) throws(CollectiveError) -> [[UInt8]] {
    // Where each place's bytes begin, and the last one's end.
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
        // Whoever passed it on had it whole.
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
