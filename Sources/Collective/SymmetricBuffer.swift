internal import System

/// Floats that the operations of a ``ProcessGroup`` work on; every rank has one such buffer, made in the same
/// call.
///
/// If the ranks share memory, the buffer lies where the others can access it, so that nothing is copied. The
/// memory starts as zeros, on a page's edge, and lives as long as this object.
public final class SymmetricBuffer {
  /// Where floats lie, and who can access them there.
  ///
  /// ``ProcessGroup/canSum(at:)`` says for which places a group's operations work on the floats directly.
  public enum Place: Hashable, Sendable {
    /// Host memory that every rank of the group has mapped, each at its own addresses.
    case sharedHost
    /// Host memory that only this rank can access; what others need of it is sent.
    case host
    /// The memory of this rank's card, by the card's number on the host.
    ///
    /// Operations on it are queued on the calling thread's current stream of the card; wait for the card
    /// before reading the floats elsewhere.
    case device(Int)
  }

  /// Where this rank's floats lie; the same case on every rank.
  public let place: Place
  /// This rank's memory.
  public let floats: UnsafeMutableBufferPointer<Float>
  /// Every rank's memory of this buffer, by rank; empty unless it is shared.
  let lanes: [UnsafeMutablePointer<Float>]
  /// The buffer's number among those in shared memory, the same on every rank, from 1; 0 for all others.
  let number: Int
  /// Whether the other ranks read and write the floats directly.
  public var isShared: Bool { place == .sharedHost }

  /// Owns the memory; nil where something else does.
  private let memory: (any AnyObject & Sendable)?
  /// For a buffer of ranks on several hosts, the buffer of this host's group in the same memory.
  let ofHost: SymmetricBuffer?

  /// Elements on each rank.
  public var count: Int { floats.count }

  /// A rank's memory of this buffer if it is shared, otherwise this rank's own.
  public func floats(of rank: Int) -> UnsafeMutableBufferPointer<Float> {
    isShared ? UnsafeMutableBufferPointer(start: lanes[rank], count: count) : floats
  }

  /// Makes a buffer in memory that only this rank can access.
  init(count: Int) {
    let bytes = max(1, count * MemoryLayout<Float>.stride)
    guard let memory = MappedMemory(zeros: bytes) else {
      Shortage(.memory, for: "\(bytes) bytes of weights or gradients").end()
    }
    floats = UnsafeMutableBufferPointer(start: memory.start.assumingMemoryBound(to: Float.self), count: count)
    place = .host
    lanes = []
    number = 0
    self.memory = memory
    ofHost = nil
  }

  /// Makes a buffer of ranks on several hosts, in the memory of a buffer of this host's group.
  init(ofHost buffer: SymmetricBuffer) {
    floats = buffer.floats
    // Ranks of other hosts cannot access it.
    place = .host
    lanes = []
    number = 0
    memory = nil
    ofHost = buffer
  }

  /// Makes a buffer in a card's memory, which the caller owns and the host must not touch; every rank makes
  /// one of the same size.
  public init(onCard card: Int, _ floats: UnsafeMutableBufferPointer<Float>) {
    self.floats = floats
    place = .device(card)
    lanes = []
    number = 0
    memory = nil
    ofHost = nil
  }

  /// Makes a buffer in shared memory, which `memory` keeps mapped.
  init(
    count: Int, rank: Int, lanes: [UnsafeMutablePointer<Float>], number: Int,
    keeping memory: any AnyObject & Sendable
  ) {
    floats = UnsafeMutableBufferPointer(start: lanes[rank], count: count)
    place = .sharedHost
    self.lanes = lanes
    self.number = number
    self.memory = memory
    ofHost = nil
  }
}
