import Foundation
import Synchronization

@testable import Collective

/// What one rank came to.
typealias Outcome<Value> = Result<Value, CollectiveError>

/// Runs `body` for every rank, each on a thread of its own, and gives the outcomes by rank.
func onRanks<Value: Sendable>(
  _ size: Int, _ body: @escaping @Sendable (Int) throws(CollectiveError) -> Value
) -> [Outcome<Value>] {
  let outcomes = Mutex([Int: Outcome<Value>]())
  let finished = DispatchGroup()
  for rank in 0..<size {
    finished.enter()
    let thread = Thread {
      let outcome = Outcome { () throws(CollectiveError) in try body(rank) }
      outcomes.withLock { $0[rank] = outcome }
      finished.leave()
    }
    thread.start()
  }
  finished.wait()
  return outcomes.withLock { found in (0..<size).compactMap { found[$0] } }
}

/// A wire to run the same test over.
enum TestWire: String, CaseIterable, Sendable {
  case loopback
  case ipc
}

/// Runs `body` for every rank of a group over `wire`; the groups close in order afterwards.
func onGroup<Value: Sendable>(
  of size: Int, over wire: TestWire, grain: RingGrain = .tiny, queueLength: Int = 2,
  timeouts: RingGroup.Timeouts = .short,
  _ body: @escaping @Sendable (RingGroup) throws(CollectiveError) -> Value
) throws -> [Value] {
  let ring = LoopbackRing(size: size, capacity: queueLength)
  let folder = try RunFolder()
  return try onRanks(size) { rank throws(CollectiveError) in
    let transport =
      switch wire {
      case .loopback: ring.transport(rank: rank)
      case .ipc: try folder.transport(rank: rank, size: size, grain: grain, queueLength: queueLength)
      }
    let group = RingGroup(transport, rank: rank, size: size, timeouts: timeouts)
    group.grain = grain
    let value = try body(group)
    group.close()
    return value
  }.map { try $0.get() }
}

extension RingGrain {
  /// Blocks of 4 floats, 3 blocks a segment: many edges in short buffers.
  static let tiny = RingGrain(blockBytes: 16, blocksPerSegment: 3)
}

extension RingGroup.Timeouts {
  /// Long enough for a busy machine, short enough for a test that waits for it.
  static let short = RingGroup.Timeouts(silence: .seconds(20), grace: .milliseconds(300))
}

extension RingGroup {
  convenience init(
    _ transport: any RingTransport, rank: Int, size: Int, run: String = "test", generation: Int = 0,
    timeouts: Timeouts = .short
  ) {
    self.init(
      transport: transport, rank: rank, size: size, run: run, generation: generation, timeouts: timeouts)
  }
}

/// A private folder for one ring, removed with everything in it when the test lets go of it.
final class RunFolder: Sendable {
  let path: String

  init(mode: mode_t = 0o700) throws {
    var template = Array("/tmp/ring-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    path = String(decoding: template.dropLast().map(UInt8.init), as: UTF8.self)
    chmod(path, mode)
  }

  var contents: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }

  func transport(
    rank: Int, size: Int, grain: RingGrain = .tiny, queueLength: Int = 2
  ) throws(CollectiveError) -> ZeroMQTransport {
    try RingGroup.listen(
      directory: path, rank: rank, size: size, segmentBytes: grain.segmentBytes, queueLength: queueLength)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
