import System

@testable import Collective

/// Engines of one place on each host, whose bytes go through memory.
final class LoopbackEngines: Sendable {
  let size: Int

  struct Label: Hashable {
    let from: Int
    let to: Int
    let tag: UInt32
  }

  struct State {
    var sent: [Label: [UInt8]] = [:]
    var closed: Set<Int> = []
    /// How many messages each has sent.
    var messages: [Int: Int] = [:]
  }

  let state = Monitor(State())

  init(size: Int) { self.size = size }

  /// The engine of a host.
  func engine(_ host: Int, fault: LoopbackEngine.Fault? = nil) -> LoopbackEngine {
    LoopbackEngine(self, rank: host, fault: fault)
  }
}

/// An engine that checks nothing: a receive takes what fits of what came.
final class LoopbackEngine: Engine {
  enum Fault {
    /// One bit of a message of floats is another.
    case flip
    /// The connections end at the first message of floats, as when the process is killed.
    case die
  }

  let rank: Int
  var size: Int { engines.size }
  private let engines: LoopbackEngines
  private let fault: Fault?

  /// Longer than headers, and than what leaders send of small contributions.
  private static let leastOfFloats = 100

  init(_ engines: LoopbackEngines, rank: Int, fault: Fault?) {
    (self.engines, self.rank, self.fault) = (engines, rank, fault)
  }

  func send(
    _ bytes: UnsafeRawBufferPointer, to peer: Int, tag: UInt32
  ) throws(EngineFailure) -> any EngineTransfer {
    var sent = Array(bytes)
    if let fault, bytes.count > Self.leastOfFloats {
      switch fault {
      case .flip: sent[bytes.count / 2] ^= 1
      case .die:
        close()
        throw .lost(peer: peer, "this one died")
      }
    }
    let label = LoopbackEngines.Label(from: rank, to: peer, tag: tag)
    engines.state.withLock {
      $0.sent[label] = sent
      $0.messages[rank, default: 0] += 1
    }
    return Sent()
  }

  func receive(
    into bytes: UnsafeMutableRawBufferPointer, from peer: Int, tag: UInt32
  ) throws(EngineFailure) -> any EngineTransfer {
    Expected(engines, LoopbackEngines.Label(from: peer, to: rank, tag: tag), bytes)
  }

  func close() { engines.state.withLock { _ = $0.closed.insert(rank) } }

  private final class Sent: EngineTransfer {
    func wait(until deadline: ContinuousClock.Instant) throws(EngineFailure) {}
    func abort() {}
  }

  private final class Expected: EngineTransfer {
    private let engines: LoopbackEngines
    private let label: LoopbackEngines.Label
    private var room: UnsafeMutableRawBufferPointer?

    init(_ engines: LoopbackEngines, _ label: LoopbackEngines.Label, _ room: UnsafeMutableRawBufferPointer) {
      (self.engines, self.label, self.room) = (engines, label, room)
    }

    func wait(until deadline: ContinuousClock.Instant) throws(EngineFailure) {
      let label = label
      let found: Result<[UInt8], EngineFailure>? = engines.state.wait(until: deadline) { state in
        if let sent = state.sent.removeValue(forKey: label) { return .success(sent) }
        return state.closed.contains(label.from) ? .failure(.lost(peer: label.from, "closed")) : nil
      }
      guard let found else { throw .late(peer: label.from) }
      let bytes = try found.get()
      room?.copyBytes(from: bytes.prefix(room?.count ?? 0))
    }

    func abort() { room = nil }
  }
}
