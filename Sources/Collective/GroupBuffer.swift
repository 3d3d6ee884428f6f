internal import Glibc
internal import System

/// Floats that the operations of a ``ProcessGroup`` work on: one such memory on every rank, made by all together.
///
/// A group whose ranks share memory puts the buffer where the others can read it, so that nothing is copied in.
/// The memory starts as zeros, on a page's edge, and lives as long as this object.
public final class GroupBuffer {
  /// This rank's memory.
  public let floats: UnsafeMutableBufferPointer<Float>
  /// Every rank's memory of this buffer, by rank, where this process sees it; empty where it sees only its own.
  let lanes: [UnsafeMutablePointer<Float>]
  /// The buffer's number among those that lie in shared memory, the same on every rank, from 1; 0 for all others.
  let number: Int
  /// Whether the floats lie where the other ranks read and write them, and nothing is copied to reach them.
  public var isShared: Bool { !lanes.isEmpty }

  /// Keeps the memory.
  private let memory: any AnyObject & Sendable

  /// Elements on each rank.
  public var count: Int { floats.count }

  /// A rank's memory of this buffer; this rank's own where it sees no other.
  public func floats(of rank: Int) -> UnsafeMutableBufferPointer<Float> {
    isShared ? UnsafeMutableBufferPointer(start: lanes[rank], count: count) : floats
  }

  /// A buffer in memory that nobody else sees.
  init(count: Int) {
    let memory = Pages(byteCount: count * MemoryLayout<Float>.stride)
    floats = UnsafeMutableBufferPointer(start: memory.start.assumingMemoryBound(to: Float.self), count: count)
    lanes = []
    number = 0
    self.memory = memory
  }

  /// A buffer whose memory on every rank is in sight, and stays for as long as `memory` lives.
  init(
    count: Int, rank: Int, lanes: [UnsafeMutablePointer<Float>], number: Int,
    keeping memory: any AnyObject & Sendable
  ) {
    floats = UnsafeMutableBufferPointer(start: lanes[rank], count: count)
    self.lanes = lanes
    self.number = number
    self.memory = memory
  }
}

/// Fresh pages of this process.
private final class Pages: Sendable {
  // Safe: only the address is kept here, and it never changes.
  nonisolated(unsafe) let start: UnsafeMutableRawPointer
  private let byteCount: Int

  init(byteCount: Int) {
    self.byteCount = max(1, byteCount)
    let start = mmap(
      nil, self.byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let start, start != MAP_FAILED else {
      Shortage(.memory, for: "\(byteCount) bytes of weights or gradients").end()
    }
    self.start = start
  }

  deinit { munmap(start, byteCount) }
}
