internal import Glibc
internal import System
internal import Wire

/// Exchanges bytes between one rank and its peers, the ranks at the same place on the other hosts.
///
/// An engine checks nothing. So ranks say by a header what they are about to do before any other byte goes, and payloads come
/// with a checksum. All waits of an operation have one deadline, whichever peers they are for: this host's other ranks, which
/// wait for this one meanwhile, count from about the same time on, and would take it for the cause if it waited longer.
final class HostExchange {
  /// This host's number, and the number of hosts.
  let host: Int
  let hosts: Int
  /// The other hosts in the order in which this one serves them: from the next one on.
  let peers: [Int]
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
  private var greetings: [Int: any EngineTransfer] = [:]
  /// This rank's header, then room for each host's.
  private let headers: UnsafeMutableRawBufferPointer

  /// The exchange of a rank whose headers say what `identity` does, and which knows what it waits for before the other ranks
  /// of its host give up on it.
  init(_ engine: any Engine, hostSize: Int, identity: FrameHeader, timeouts: RingGroup.Timeouts) {
    self.engine = engine
    self.hostSize = hostSize
    self.identity = identity
    patience = max(timeouts.silence / 2, timeouts.silence - timeouts.grace)
    (host, hosts) = (engine.rank, engine.size)
    peers = (1..<max(1, engine.size)).map { (engine.rank + $0) % engine.size }
    tagsSent = Array(repeating: 0, count: engine.size)
    tagsReceived = tagsSent
    headers = .allocate(byteCount: (engine.size + 1) * FrameHeader.byteCount, alignment: 8)
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

  /// Begins to receive exactly as many bytes as `bytes` holds.
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

  /// Waits `time`, so that better witnesses can speak first; then cancels all transfers and closes the
  /// engine.
  func end(after time: Duration) {
    usleep(UInt32(time / .microseconds(1)))
    for transfer in sends + receives { transfer.abort() }
    sends = []
    receives = []
    greetings = [:]
    engine.close()
  }
}

extension HostExchange {
  /// Sends the peers a header that describes `call` and the payload that follows it, if any.
  func announce(
    _ call: CollectiveCall, payload: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
  ) throws(CollectiveError) {
    for peer in peers { greetings[peer] = try receive(into: header(of: peer), from: peer, during: call) }
    var header = identity
    call.describe(in: &header)
    header.length = UInt32(payload.count)
    header.payloadChecksum = CRC32C(of: payload).value
    let own = UnsafeMutableRawBufferPointer(rebasing: headers[..<FrameHeader.byteCount])
    header.encode(into: own)
    for peer in peers { try send(UnsafeRawBufferPointer(own), to: peer, during: call) }
  }

  /// Receives the peers' headers, checks that all are in the same call, and returns them by host.
  ///
  /// All headers are received before any is judged, so that all ranks know the same and blame the same rank.
  @discardableResult
  func hear(_ call: CollectiveCall) throws(CollectiveError) -> [Int: FrameHeader] {
    var heard: [Int: FrameHeader] = [:]
    for peer in peers {
      do {
        heard[peer] = try header(from: peer, call)
      } catch {
        // A peer in another operation may be the reason why this one sends nothing.
        try call.judge(heard, from: host) { rank(on: $0) }
        throw error
      }
    }
    try call.judge(heard, from: host) { rank(on: $0) }
    return heard
  }

  /// Receives a peer's header and checks that the peer belongs to this run.
  private func header(from peer: Int, _ call: CollectiveCall) throws(CollectiveError) -> FrameHeader {
    guard let greeting = greetings.removeValue(forKey: peer) else {
      preconditionFailure("nothing was announced")
    }
    try wait(for: greeting, during: call)
    let header: FrameHeader
    do {
      header = try FrameHeader(decoding: UnsafeRawBufferPointer(self.header(of: peer)))
    } catch {
      throw .corrupt(rank: rank(on: peer), operation: call.name, detail: error.description)
    }
    try call.checkSender(of: header, being: rank(on: peer), in: identity)
    return header
  }

  /// Throws if `bytes` from a host do not have the checksum that the host announced.
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

  private func header(of host: Int) -> UnsafeMutableRawBufferPointer {
    let start = (host + 1) * FrameHeader.byteCount
    return UnsafeMutableRawBufferPointer(rebasing: headers[start..<start + FrameHeader.byteCount])
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
