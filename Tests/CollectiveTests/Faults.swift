import Synchronization

@testable import Collective

/// A transport that treats one message otherwise than it was told to.
final class FaultyTransport: RingTransport {
  enum Fault: String, CaseIterable, Sendable {
    case flipPayload, flipHeader, truncate, duplicate, drop, swap
    /// The connections end, as when the process is killed.
    case die
  }

  private let wire: any RingTransport
  private let fault: Fault
  private let target: Int
  private var sent = 0
  private var heldBack: [UInt8]?
  private var isDead = false

  init(_ fault: Fault, atMessage target: Int, of wire: any RingTransport) {
    self.wire = wire
    self.fault = fault
    self.target = target
  }

  func trySend(_ parts: [UnsafeRawBufferPointer]) throws(CollectiveError) -> Bool {
    guard !isDead else { return false }
    var message: [UInt8] = parts.reduce(into: []) { $0 += $1 }
    if sent == target, fault == .die { throw die() }
    if sent == target, fault == .drop || fault == .swap {
      heldBack = fault == .swap ? message : nil
      sent += 1
      return true
    }
    if sent == target { damage(&message) }
    guard try wire.trySend(message) else { return false }
    if sent == target && fault == .duplicate || heldBack != nil {
      guard try wire.trySend(heldBack ?? message) else { throw .system(detail: "no room for the fault") }
      heldBack = nil
    }
    sent += 1
    return true
  }

  private func damage(_ message: inout [UInt8]) {
    switch fault {
    case .flipPayload: message[message.count - 1] ^= 0x10
    case .flipHeader: message[20] ^= 0x01
    case .truncate: message.removeLast(4)
    case .duplicate, .drop, .swap, .die: break
    }
  }

  private func die() -> CollectiveError {
    wire.close(flushingFor: .zero)
    isDead = true
    return .system(detail: "killed by the test")
  }

  func receive() throws(CollectiveError) -> UnsafeRawBufferPointer? { try wire.receive() }

  func wait(for events: RingEvents, until deadline: ContinuousClock.Instant) throws(CollectiveError) {
    try wire.wait(for: events, until: deadline)
  }

  var lostNeighbours: RingNeighbours { isDead ? [.previous, .next] : wire.lostNeighbours }

  func close(flushingFor time: Duration) {
    if !isDead { wire.close(flushingFor: time) }
  }
}

extension RingTransport {
  fileprivate func trySend(_ message: [UInt8]) throws(CollectiveError) -> Bool {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: message.count, alignment: 1)
    defer { copy.deallocate() }
    copy.copyBytes(from: message)
    return try trySend([UnsafeRawBufferPointer(copy)])
  }
}

/// A count that threads share.
final class Counter: Sendable {
  private let count = Mutex(0)
  var value: Int { count.withLock { $0 } }
  func increment() { count.withLock { $0 += 1 } }
}

extension ProcessGroup {
  /// The root's bytes.
  func broadcast(_ bytes: [UInt8], from root: Int) throws(CollectiveError) -> [UInt8] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { buffer.deallocate() }
    buffer.copyBytes(from: bytes)
    try broadcast(buffer, from: root)
    return Array(buffer)
  }
}

/// Runs `body` for every rank over loopback and gives the errors, by rank; nil for a rank that had none.
func onRanks<Value: Sendable>(
  _ size: Int, over ring: LoopbackRing, timeouts: RingGroup.Timeouts = .short,
  _ body: @escaping @Sendable (RingGroup) throws(CollectiveError) -> Value
) -> [CollectiveError?] {
  onRanks(size) { rank throws(CollectiveError) in
    let group = RingGroup(ring.transport(rank: rank), rank: rank, size: size, timeouts: timeouts)
    let value = try body(group)
    group.close()
    return value
  }.map(\.error)
}

extension Result {
  /// The error, if that is what came.
  var error: Failure? {
    if case .failure(let error) = self { return error }
    return nil
  }
}
