public import Collective
import CTorch

/// An engine over TCP between CPUs, using the sends and receives of c10d's Gloo in libtorch.
///
/// It neither authenticates nor encrypts.
public final class GlooEngine: Engine {
  /// This process's rank.
  public let rank: Int
  /// The number of processes.
  public let size: Int
  private var group: OpaquePointer?
  /// Retained, since one of the processes keeps the store for all.
  private let store: EngineStore

  /// Connects `size` processes that meet in the store under `name`, each listening on an address of its own
  /// host.
  public init(
    meetingIn store: EngineStore, as name: String, listeningOn address: String, rank: Int, size: Int,
    within time: Duration
  ) throws(EngineFailure) {
    self.rank = rank
    self.size = size
    self.store = store
    let status = ct_group_open(
      store.handle, name, address, Int32(rank), Int32(size), milliseconds(time), &group)
    guard status == 0 else { throw .setup("process \(rank) of \(size) on \(address): \(lastError)") }
  }

  /// Begins to send, on a thread of Gloo's.
  public func send(
    _ bytes: UnsafeRawBufferPointer, to peer: Int, tag: UInt32
  ) throws(EngineFailure) -> any EngineTransfer {
    var transfer: OpaquePointer?
    let status = ct_group_send(group, bytes.baseAddress, bytes.count, Int32(peer), tag.positive, &transfer)
    guard status == 0, let transfer else { throw .lost(peer: peer, lastError) }
    return GlooTransfer(transfer, with: peer)
  }

  /// Begins to receive, on a thread of Gloo's.
  public func receive(
    into bytes: UnsafeMutableRawBufferPointer, from peer: Int, tag: UInt32
  ) throws(EngineFailure) -> any EngineTransfer {
    var transfer: OpaquePointer?
    let status = ct_group_receive(group, bytes.baseAddress, bytes.count, Int32(peer), tag.positive, &transfer)
    guard status == 0, let transfer else { throw .lost(peer: peer, lastError) }
    return GlooTransfer(transfer, with: peer)
  }

  /// Closes the connections and ends Gloo's threads.
  public func close() {
    ct_group_free(group)
    group = nil
  }

  deinit { close() }
}

/// A send or receive of Gloo's.
private final class GlooTransfer: EngineTransfer {
  private var handle: OpaquePointer?
  private let peer: Int

  init(_ handle: OpaquePointer, with peer: Int) {
    self.handle = handle
    self.peer = peer
  }

  func wait(until deadline: ContinuousClock.Instant) throws(EngineFailure) {
    let time = ContinuousClock.now.duration(to: deadline)
    guard ct_transfer_wait(handle, milliseconds(time)) != 0 else { return }
    guard ContinuousClock.now < deadline else { throw .late(peer: peer) }
    throw .lost(peer: peer, lastError)
  }

  // Gloo releases the memory together with the object.
  func abort() {
    ct_transfer_free(handle)
    handle = nil
  }

  deinit { abort() }
}

extension UInt32 {
  /// Gloo's tags are signed and must not be negative.
  fileprivate var positive: Int32 { Int32(self & 0x7fff_ffff) }
}

/// At least one, since c10d takes 0 for no limit.
func milliseconds(_ time: Duration) -> Int64 { max(1, Int64((time / .milliseconds(1)).rounded(.up))) }

/// c10d's message for this thread's last failed call, without source location and advice.
var lastError: String {
  let text = String(cString: ct_last_error())
  let words = text.hasPrefix("[") ? text.drop { $0 != "]" }.dropFirst(2) : text[...]
  let line = words.prefix { $0 != "\n" }
  return String(line[..<(line.firstRange(of: ". This is typically caused")?.lowerBound ?? line.endIndex)])
}
