internal import Glibc
internal import System
internal import Wire

/// What one rank exchanges with its peers, the ranks that have its place on the other hosts.
///
/// An engine checks nothing. So ranks say by a header what they are about to do before any other byte goes, and payloads come
/// with a checksum. Headers, and what is gathered, pass from host to host (``HostRound``): as many messages as the number of
/// hosts has binary digits. Every wait has a deadline.
final class HostExchange {
  /// This host's number, and how many there are.
  let host: Int
  let hosts: Int
  /// The other hosts, from the next one on: the order in which this one turns to them.
  let peers: [Int]
  /// Those in which what every host has comes to all.
  let rounds: [HostRound]
  private let engine: any Engine
  private let identity: FrameHeader
  private let hostSize: Int
  private let silence: Duration
  /// How many messages went to, and came from, each host: their tags.
  private var tagsSent: [UInt32]
  private var tagsReceived: [UInt32]
  /// What this operation has begun.
  private var sends: [any EngineTransfer] = []
  private var receives: [any EngineTransfer] = []
  /// The first header of another, from ``announce(_:payload:)`` to ``hear(_:)``.
  private var greeting: (any EngineTransfer)?
  /// Every host's header: this one's, then those of the hosts before it, the nearest first.
  private let headers: UnsafeMutableRawBufferPointer

  /// The exchange of a rank whose headers say what `identity` does.
  init(_ engine: any Engine, hostSize: Int, identity: FrameHeader, silence: Duration) {
    self.engine = engine
    self.hostSize = hostSize
    self.identity = identity
    self.silence = silence
    (host, hosts) = (engine.rank, engine.size)
    peers = (1..<max(1, engine.size)).map { (engine.rank + $0) % engine.size }
    rounds = HostRound.rounds(of: engine.size)
    tagsSent = Array(repeating: 0, count: engine.size)
    tagsReceived = tagsSent
    headers = .allocate(byteCount: engine.size * FrameHeader.byteCount, alignment: 8)
  }

  deinit { headers.deallocate() }

  /// The rank of the peer on a host.
  func rank(on host: Int) -> Int { host * hostSize + Int(identity.rank) % hostSize }

  /// Begins to send; the bytes stay as they are until ``finishSends(of:)``.
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
    try translating(call) { () throws(EngineFailure) in try transfer.wait(until: .now + silence) }
  }

  /// Waits until all that this operation sends has left, and ends it.
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
  /// Tells the next host what this rank is about to do, and that `payload` is what it has for all.
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

  /// Hears what all hosts are about to do, and makes sure that it is the same; gives their headers by host.
  ///
  /// All are heard before any is judged: all ranks then know the same, and name the same one.
  @discardableResult
  func hear(_ call: CollectiveCall) throws(CollectiveError) -> [Int: FrameHeader] {
    var heard: [Int: FrameHeader] = [:]
    do {
      for round in rounds { try hear(round, &heard, call) }
    } catch {
      // One that is elsewhere may be why another is not there.
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
    try call.judge(heard, from: host) { rank(on: $0) }
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

  /// Throws where bytes of a host are not those of which it gave the checksum.
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

  /// Names the rank where the engine names a peer.
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
        throw .timeout(rank: rank(on: peer), operation: call.name, seconds: silence / .seconds(1))
      }
    }
  }
}
