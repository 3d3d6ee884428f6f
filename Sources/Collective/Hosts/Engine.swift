/// Moves bytes between processes on several hosts; it does no arithmetic.
///
/// A ``HostsGroup`` decides what is sent where, and in which order sums are taken. Bytes sent with a tag
/// arrive at the receive that names their sender, their tag and their length; an engine checks nothing else.
/// Calls come from one thread at a time.
public protocol Engine: AnyObject {
  /// This process's place, from 0 to ``size`` - 1.
  var rank: Int { get }
  /// The number of processes that the engine connects, one on each host.
  var size: Int { get }

  /// Begins to send `bytes`, which must not change until the transfer has ended.
  func send(
    _ bytes: UnsafeRawBufferPointer, to peer: Int, tag: UInt32
  ) throws(EngineFailure) -> any EngineTransfer

  /// Begins to receive exactly as many bytes as `bytes` holds.
  func receive(
    into bytes: UnsafeMutableRawBufferPointer, from peer: Int, tag: UInt32
  ) throws(EngineFailure) -> any EngineTransfer

  /// Closes the connections and frees the engine's resources; peers waiting for this process notice.
  func close()
}

/// Bytes on their way between two processes of an ``Engine``.
public protocol EngineTransfer: AnyObject {
  /// Returns once the caller may use the memory again: sent bytes have left, received bytes have arrived.
  func wait(until deadline: ContinuousClock.Instant) throws(EngineFailure)

  /// Gives the transfer up; the engine does not touch the memory afterwards.
  func abort()
}

/// Why an engine cannot go on.
public enum EngineFailure: Error, Equatable, Sendable {
  /// The processes did not come together.
  case setup(String)
  /// A peer or its connection is lost, in the engine's words; the peer may itself be the victim of another
  /// failure.
  case lost(peer: Int, String)
  /// A peer did not do its part before the deadline.
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
