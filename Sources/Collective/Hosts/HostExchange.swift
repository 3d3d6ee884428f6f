internal import Glibc
internal import System
internal import Wire

/// Exchanges bytes between one rank and its peers, the ranks at the same place on the other hosts.
///
/// An engine checks nothing. So a header states each operation before any other byte is sent, and payloads come with a checksum.
/// Headers and gathered bytes pass from host to host (``HostRound``), in ⌈log₂(hosts)⌉ messages a host. All waits of an
/// operation share one deadline: this host's other ranks wait meanwhile, and would blame this one if it waited longer than they do.
final class HostExchange {
  /// This host's number, and the number of hosts.
  let host: Int
  let hosts: Int
  /// The other hosts in the order in which this one serves them: from the next one on.
  let peers: [Int]
  /// The rounds in which every host's bytes reach all hosts.
  let rounds: [HostRound]
  private let engine: any Engine
  private let identity: FrameHeader
  private let hostSize: Int
  /// How long the peers have for their part of an operation.
  private let patience: Duration
  /// The end of that time; nil before this operation's first wait for them.
  private var deadline: ContinuousClock.Instant?
  /// The number of messages sent to, and received from, each host; it is the next message's tag.
  private var tagsSent: [UInt32]
  private var tagsReceived: [UInt32]
  /// Transfers that the current operation has begun.
  private var sends: [any EngineTransfer] = []
  private var receives: [any EngineTransfer] = []
  /// The transfer of the first peer's header, from ``announce(_:payload:)`` to ``hear(_:)``.
  private var greeting: (any EngineTransfer)?
  /// Every host's header: this one's, then those of the hosts before it, the nearest first.
  private let headers: UnsafeMutableRawBufferPointer

  /// The exchange of a rank with the headers of `identity`; it times out before the other ranks of its host do.
  init(_ engine: any Engine, hostSize: Int, identity: FrameHeader, timeouts: RingGroup.Timeouts) {
    self.engine = engine
    self.hostSize = hostSize
    self.identity = identity
    patience = max(timeouts.silence / 2, timeouts.silence - timeouts.grace)
    (host, hosts) = (engine.rank, engine.size)
    peers = (1..<max(1, engine.size)).map { (engine.rank + $0) % engine.size }
    rounds = HostRound.rounds(of: engine.size)
    tagsSent = Array(repeating: 0, count: engine.size)
    tagsReceived = tagsSent
    headers = .allocate(byteCount: engine.size * FrameHeader.byteCount, alignment: 8)
  }

  deinit { headers.deallocate() }

  /// Begins an operation; its peers' time starts with the first wait for one.
  func begin() { deadline = nil }

  /// The rank of this rank's peer on `host`.
  func rank(on host: Int) -> Int { host * hostSize + Int(identity.rank) % hostSize }

  /// Begins to send `bytes`, which must not change until ``finishSends(of:)`` returns.
  func send(_ bytes: UnsafeRawBufferPointer, to host: Int, during call: CollectiveCall)
    throws(CollectiveError)
  {
    let tag = tagsSent[host]
    tagsSent[host] &+= 1
    sends.append(
      try translating(call) { () throws(EngineFailure) in try engine.send(bytes, to: host, tag: tag) })
  }

  /// Begins to receive.
  func receive(
    into bytes: UnsafeMutableRawBufferPointer, from host: Int, during call: CollectiveCall
  ) throws(CollectiveError) -> any EngineTransfer {
    let tag = tagsReceived[host]
    tagsReceived[host] &+= 1
    let transfer = try translating(call) { () throws(EngineFailure) in
      try engine.receive(into: bytes, from: host, tag: tag)
    }
    receives.append(transfer)
    return transfer
  }

  /// Waits until a transfer is over.
  func wait(for transfer: any EngineTransfer, during call: CollectiveCall) throws(CollectiveError) {
    let end = deadline ?? .now + patience
    deadline = end
    try translating(call) { () throws(EngineFailure) in try transfer.wait(until: end) }
  }

  /// Waits until everything that this operation sends has left, and forgets its transfers.
  func finishSends(of call: CollectiveCall) throws(CollectiveError) {
    for send in sends { try wait(for: send, during: call) }
    sends.removeAll(keepingCapacity: true)
    receives.removeAll(keepingCapacity: true)
  }

  /// Gives up what is under way, whose memory nobody touches any more then, and closes the engine after a while.
  func end(after time: Duration) {
    usleep(UInt32(time / .microseconds(1)))
    for transfer in sends + receives { transfer.abort() }
    sends = []
    receives = []
    greeting = nil
    engine.close()
  }
}

extension HostExchange {
  /// Sends the first round's header, which describes `call` and the payload that follows it, if any.
  func announce(
    _ call: CollectiveCall, payload: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
  ) throws(CollectiveError) {
    guard let first = rounds.first else { return }
    var header = identity
    call.describe(in: &header)
    header.length = UInt32(payload.count)
    header.payloadChecksum = CRC32C(of: payload).value
    header.encode(into: headers(0..<1))
    greeting = try begin(first, call) { headers($0) }
  }

  /// Receives all hosts' headers, checks that all are in the same call, and returns them by host.
  ///
  /// All headers arrive before any is judged, so that all ranks name the same culprit.
  @discardableResult
  func hear(_ call: CollectiveCall) throws(CollectiveError) -> [Int: FrameHeader] {
    var heard: [Int: FrameHeader] = [:]
    do {
      for round in rounds { try hear(round, &heard, call) }
    } catch {
      // A peer in another operation may be the reason why this one sends nothing.
      try judge(heard, call)
      throw error
    }
    try judge(heard, call)
    return heard
  }

  private func judge(_ heard: [Int: FrameHeader], _ call: CollectiveCall) throws(CollectiveError) {
    for (peer, header) in heard.sorted(by: { $0.key < $1.key }) {
      try call.checkSender(of: header, being: rank(on: peer), in: identity)
    }
    try call.judge(heard, from: host, of: hosts) { rank(on: $0) }
  }

  private func hear(
    _ round: HostRound, _ heard: inout [Int: FrameHeader], _ call: CollectiveCall
  ) throws(CollectiveError) {
    let arrival = if let greeting { greeting } else { try begin(round, call) { headers($0) } }
    greeting = nil
    try wait(for: arrival, in: round, during: call)
    for place in round.received {
      do {
        heard[host(at: place)] = try FrameHeader(
          decoding: UnsafeRawBufferPointer(headers(place..<place + 1)))
      } catch {
        throw .corrupt(
          rank: rank(on: host(at: round.distance)), operation: call.name, detail: error.description)
      }
    }
  }

  /// The host so many places before this one.
  func host(at place: Int) -> Int { (host - place).modulo(hosts) }

  /// The headers of hosts so many places before this one.
  private func headers(_ places: Range<Int>) -> UnsafeMutableRawBufferPointer {
    let (start, end) = (places.lowerBound * FrameHeader.byteCount, places.upperBound * FrameHeader.byteCount)
    return UnsafeMutableRawBufferPointer(rebasing: headers[start..<end])
  }

  /// Throws if a host's bytes do not have the checksum that it stated.
  func check(
    _ bytes: UnsafeRawBufferPointer, from host: Int, against checksum: UInt32, during call: CollectiveCall
  ) throws(CollectiveError) {
    let found = CRC32C(of: bytes).value
    guard found == checksum else {
      throw .corrupt(
        rank: rank(on: host), operation: call.name,
        detail: "CRC-32C of \(bytes.count) bytes is \(found), it says \(checksum)")
    }
  }

  /// Runs `body`; an engine's failure becomes an error that names the rank instead of the engine's peer.
  private func translating<Result>(
    _ call: CollectiveCall, _ body: () throws(EngineFailure) -> Result
  ) throws(CollectiveError) -> Result {
    do {
      return try body()
    } catch {
      switch error {
      case .setup(let detail): throw .setup(rank: Int(identity.rank), detail: detail)
      case .lost(let peer, let words):
        throw .lostPeer(
          rank: rank(on: peer), operation: call.name,
          observation: "its connection to rank \(identity.rank) failed (\(words))")
      case .late(let peer):
        throw .timeout(rank: rank(on: peer), operation: call.name, seconds: patience / .seconds(1))
      }
    }
  }
}
