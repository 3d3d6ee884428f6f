/// Moves bytes between processes of several hosts, and adds nothing up.
///
/// A ``HostsGroup`` decides what goes where and in which order sums are taken. Bytes that are sent with a tag arrive at the
/// receive of the same length that names their sender and the tag; nothing else is checked here. All calls come from one
/// thread at a time.
public protocol Engine: AnyObject {
  /// This process's place, from 0 to ``size`` - 1.
  var rank: Int { get }
  /// The number of processes that the engine connects, one on each host.
  var size: Int { get }

  /// Begins to send `bytes`, which stay as they are until the transfer is over.
  func send(
    _ bytes: UnsafeRawBufferPointer, to peer: Int, tag: UInt32
  ) throws(EngineFailure) -> any EngineTransfer

  /// Begins to receive as many bytes as there is room for.
  func receive(
    into bytes: UnsafeMutableRawBufferPointer, from peer: Int, tag: UInt32
  ) throws(EngineFailure) -> any EngineTransfer

  /// Closes the connections, which peers that wait for this process notice, and frees what the engine held.
  func close()
}

/// Bytes on their way between two processes of an ``Engine``.
public protocol EngineTransfer: AnyObject {
  /// Returns once the memory is the caller's again: what was sent has left, or what is received is there.
  func wait(until deadline: ContinuousClock.Instant) throws(EngineFailure)

  /// Gives the transfer up: the engine touches the memory no more.
  func abort()
}

/// Why an engine cannot go on.
public enum EngineFailure: Error, Equatable, Sendable {
  /// The processes did not come together.
  case setup(String)
  /// A peer is gone, or the way to it; in the engine's words. The peer may be a victim itself.
  case lost(peer: Int, String)
  /// A peer was there but did not do its part until the deadline.
  case late(peer: Int)
}

extension EngineFailure: CustomStringConvertible {
  /// What happened.
  public var description: String {
    switch self {
    case .setup(let words): words
    case .lost(let peer, let words): "process \(peer) is lost: \(words)"
    case .late(let peer): "process \(peer) is late"
    }
  }
}
