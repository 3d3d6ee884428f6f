import Dispatch
import System
import TestSupport
import Wire

@testable import Collective

/// A transport that treats one message otherwise than it was told to.
final class FaultyTransport: RingTransport {
  enum Fault: String, CaseIterable, Sendable {
    case flipPayload, flipHeader, truncate, duplicate, drop, swap
    /// The connections end, as when the process is killed.
    case die
    /// Nothing is sent or received any more until the others have failed, as when the process is stopped.
    case freeze
  }

  private let wire: any RingTransport
  private let fault: Fault
  private let target: Int
  private var sent = 0
  private var heldBack: Message?
  /// What there was no room for behind another message.
  private var late: Message?
  private var isDead = false
  private let thaw: DispatchSemaphore

  /// - Parameter thaw: What a frozen rank waits for.
  init(
    _ fault: Fault, atMessage target: Int, of wire: any RingTransport,
    thaw: DispatchSemaphore = DispatchSemaphore(value: 0)
  ) {
    self.thaw = thaw
    self.wire = wire
    self.fault = fault
    self.target = target
  }

  func trySend(_ message: Message) throws(CollectiveError) -> Bool {
    guard !isDead else { return false }
    if let waiting = late {
      guard try wire.trySend(waiting) else { return false }
      late = nil
    }
    if sent == target, fault == .die { throw die() }
    if sent == target, fault == .freeze {
      thaw.wait()
      throw die()
    }
    if sent == target, fault == .drop || fault == .swap {
      heldBack = fault == .swap ? message : nil
      sent += 1
      return true
    }
    let sending = sent == target ? message.damaged(by: fault) : message
    let second = sent == target && fault == .duplicate ? message.damaged(by: fault) : heldBack
    guard try wire.trySend(sending) else { return false }
    sent += 1
    if let second {
      heldBack = nil
      late = try wire.trySend(second) ? nil : second
    }
    return true
  }

  private func die() -> CollectiveError {
    wire.close(flushingFor: .zero)
    isDead = true
    return .system(detail: "killed by the test")
  }

  func receive() throws(CollectiveError) -> Message? { try wire.receive() }

  func wait(for events: RingEvents, until deadline: ContinuousClock.Instant) throws(CollectiveError) {
    try wire.wait(for: events, until: deadline)
  }

  var lostNeighbours: RingNeighbours { isDead ? [.previous, .next] : wire.lostNeighbours }

  func close(flushingFor time: Duration) {
    if !isDead { wire.close(flushingFor: time) }
  }
}

extension Message {
  /// A copy, changed as the fault demands.
  fileprivate func damaged(by fault: FaultyTransport.Fault) -> Message {
    let copy = Message(byteCount: bytes.count - (fault == .truncate ? 4 : 0))
    copy.bytes.copyBytes(from: bytes[..<copy.bytes.count])
    if fault == .flipPayload { copy.bytes[copy.bytes.count - 1] ^= 0x10 }
    if fault == .flipHeader { copy.bytes[20] ^= 0x01 }
    return copy
  }
}

/// A count that threads share.
final class Counter: Sendable {
  private let count = Monitor(0)
  var value: Int { count.withLock { $0 } }
  @discardableResult
  func increment() -> Int {
    count.withLock {
      $0 += 1
      return $0
    }
  }
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
