internal import System

/// Floats that the operations of a ``ProcessGroup`` work on: one such memory on every rank, made by all together.
///
/// A group whose ranks share memory puts the buffer where the others can read it, so that nothing is copied in.
/// The memory starts as zeros, on a page's edge, and lives as long as this object.
public final class SymmetricBuffer {
  /// Where floats lie, and who reaches them there.
  ///
  /// A ``ProcessGroup`` says by ``ProcessGroup/canSum(at:)`` at which places its operations take floats as they are.
  public enum Place: Hashable, Sendable {
    /// Host memory that every rank of the group sees, each at addresses of its own: nothing is copied to reach it.
    case sharedHost
    /// Host memory that this rank alone sees: what others are to have of it is sent.
    case host
    /// The memory of a card of this rank, by its number on the host.
    ///
    /// Work on it is put on the queue of the card that is current on the calling thread, and is over only once the card has
    /// come to it: whoever reads the floats elsewhere waits for the card first.
    case device(Int)
  }

  /// Where this rank's floats lie; of the same kind on every rank.
  public let place: Place
  /// This rank's memory.
  public let floats: UnsafeMutableBufferPointer<Float>
  /// Every rank's memory of this buffer, by rank, where this process sees it; empty where it sees only its own.
  let lanes: [UnsafeMutablePointer<Float>]
  /// The buffer's number among those that lie in shared memory, the same on every rank, from 1; 0 for all others.
  let number: Int
  /// Whether the floats lie where the other ranks read and write them, and nothing is copied to reach them.
  public var isShared: Bool { place == .sharedHost }

  /// Keeps the memory; nil where another buffer does.
  private let memory: (any AnyObject & Sendable)?
  /// The buffer of this host's ranks that lies in the same memory, where ranks of other hosts have buffers of their own.
  let ofHost: SymmetricBuffer?

  /// Elements on each rank.
  public var count: Int { floats.count }

  /// A rank's memory of this buffer; this rank's own where it sees no other.
  public func floats(of rank: Int) -> UnsafeMutableBufferPointer<Float> {
    isShared ? UnsafeMutableBufferPointer(start: lanes[rank], count: count) : floats
  }

  /// A buffer in memory that nobody else sees.
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

  /// A buffer of ranks on several hosts, in the memory of one that this host's ranks have made.
  init(ofHost buffer: SymmetricBuffer) {
    floats = buffer.floats
    // Not every rank sees it.
    place = .host
    lanes = []
    number = 0
    memory = nil
    ofHost = buffer
  }

  /// A buffer in memory of a card, which the host must not touch, and which whoever made it keeps; all ranks make one alike.
  public init(onCard card: Int, _ floats: UnsafeMutableBufferPointer<Float>) {
    self.floats = floats
    place = .device(card)
    lanes = []
    number = 0
    memory = nil
    ofHost = nil
  }

  /// A buffer whose memory on every rank is in sight, and stays for as long as `memory` lives.
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
