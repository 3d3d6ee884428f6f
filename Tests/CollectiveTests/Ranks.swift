import Foundation
import TestSupport

@testable import Collective

/// What one rank came to.
typealias Outcome<Value> = Result<Value, CollectiveError>

/// A wire to run the same test over.
enum TestWire: String, CaseIterable, Sendable {
  case loopback
  case ipc
  /// Messages over loopback, floats in a file in memory.
  case shared
  case tcp
  /// Encrypted as beyond loopback.
  case curve

  /// Those that every test runs over; ``curve`` has tests of its own.
  static let allCases: [TestWire] = [.loopback, .ipc, .shared, .tcp]
}

/// What the ranks of one test meet through.
final class TestRing: Sendable {
  private let wire: TestWire
  private let loopback: LoopbackRing
  private let queueLength: Int
  private let size: Int
  private let folder: RendezvousFolder
  private let memory: TestMemory

  init(_ wire: TestWire, size: Int, queueLength: Int = 2, loopbackQueueLength: Int? = nil) throws {
    self.wire = wire
    self.size = size
    self.queueLength = queueLength
    loopback = LoopbackRing(size: size, capacity: loopbackQueueLength ?? queueLength)
    memory = try TestMemory()
    folder = try RendezvousFolder(secretsFor: wire == .tcp || wire == .curve ? size : nil)
  }

  /// Where they meet.
  var path: String { folder.path }

  /// What the ranks have left in their folder.
  var leftovers: [String] { folder.contents }

  /// The place of one rank; ask once for each, on its thread.
  func transport(_ rank: Int, grain: RingGrain = .tiny) throws(CollectiveError) -> any RingTransport {
    switch wire {
    case .loopback, .shared: return loopback.transport(rank: rank)
    case .ipc:
      return try folder.transport(rank: rank, size: size, grain: grain, queueLength: queueLength)
    case .tcp, .curve:
      let rendezvous = folder.rendezvous(rank: rank, size: size, encrypts: wire == .curve)
      let tuning = SocketTuning(segmentBytes: grain.segmentBytes, queueLength: queueLength)
      return try ZeroMQTransport(rendezvous: TCPRendezvous(rendezvous), tuning: tuning)
    }
  }

  /// What a rank keeps in the memory that all ranks see, where this ring has some.
  var sharedBuffers: SharedBuffers? {
    wire == .shared ? SharedBuffers(in: memory.shared, orElseSockets: false) : nil
  }
}

/// Runs `body` for every rank of a group over `wire`; the groups close in order afterwards.
func onGroup<Value: Sendable>(
  of size: Int, over wire: TestWire, grain: RingGrain = .tiny, queueLength: Int = 2,
  timeouts: RingGroup.Timeouts = .short, gradientWire: WireFormat = .float32, sumGroup: Int? = nil,
  _ body: @escaping @Sendable (RingGroup) throws(CollectiveError) -> Value
) throws -> [Value] {
  let ring = try TestRing(wire, size: size, queueLength: queueLength)
  return try onRanks(size) { rank throws(CollectiveError) in
    let transport = try ring.transport(rank, grain: grain)
    let group = RingGroup(
      transport, rank: rank, size: size, timeouts: timeouts, grain: grain, gradientWire: gradientWire,
      sharedBuffers: ring.sharedBuffers, sumGroup: sumGroup)
    let value = try body(group)
    group.close()
    return value
  }.map { try $0.get() }
}

extension RingGrain {
  /// Blocks of 4 floats, 3 blocks a segment: many edges in short buffers.
  static let tiny = RingGrain(blockLength: 4, blocksPerSegment: 3)
}

extension RingGroup.Timeouts {
  /// Long enough for a busy machine, short enough for a test that waits for it.
  static let short = RingGroup.Timeouts(silence: .seconds(20), grace: .milliseconds(300))
}

extension RingGroup {
  convenience init(
    _ transport: any RingTransport, rank: Int, size: Int, run: String = "test", generation: Int = 0,
    timeouts: Timeouts = .short, grain: RingGrain = RingGrain(), gradientWire: WireFormat = .float32,
    sharedBuffers: SharedBuffers? = nil, sumGroup: Int? = nil
  ) {
    self.init(
      transport: transport, rank: rank, size: size, run: run, generation: generation, timeouts: timeouts,
      grain: grain, gradientWire: gradientWire, sharedBuffers: sharedBuffers, sumGroup: sumGroup)
  }
}

/// A private folder for one ring, removed with everything in it when the test lets go of it.
final class RendezvousFolder: Sendable {
  let path: String

  /// Whether some are the launcher's part, which is not a run's.
  private let hasSecrets: Bool

  init(mode: mode_t = 0o700, secretsFor size: Int? = nil) throws {
    hasSecrets = size != nil
    var template = Array("/tmp/ring-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    path = String(decoding: template.dropLast().map(UInt8.init), as: UTF8.self)
    chmod(path, mode)
    if let size { try RingSecrets.write(to: path, size: size) }
  }

  /// Everything but the secrets.
  var contents: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter { !hasSecrets || !RingSecrets.isName($0) }
  }

  /// A rendezvous over TCP.
  func rendezvous(rank: Int, size: Int, encrypts: Bool = false) -> RingRendezvous {
    var rendezvous = RingRendezvous(rank: rank, size: size, run: "test", generation: 0, directory: path)
    rendezvous.transport = .tcp
    rendezvous.alwaysEncrypts = encrypts
    rendezvous.deadline = .seconds(20)
    rendezvous.timeouts = RingGroup.Timeouts(silence: .seconds(20), grace: .seconds(5))
    return rendezvous
  }

  func transport(
    rank: Int, size: Int, grain: RingGrain = .tiny, queueLength: Int = 2
  ) throws(CollectiveError) -> ZeroMQTransport {
    try RingGroup.listen(
      directory: path, rank: rank, size: size, segmentBytes: grain.segmentBytes, queueLength: queueLength)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
