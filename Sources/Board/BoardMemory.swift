internal import CLinux
internal import Glibc

/// The memory in which every rank has a slot of its own, seen at an address of this process.
///
/// A slot is a counter, a mark, and two copies of a state: the counter says which one is whole. So a reader finds a
/// whole state even when the writer was stopped in the middle of the next one.
final class BoardMemory: Sendable {
  // Safe: only the address is kept here, and it never changes; what lies there is read and written atomically.
  nonisolated(unsafe) private let start: UnsafeMutablePointer<UInt64>
  private let length: Int

  /// Words of one copy: whole cache lines.
  static let stride = (RankState.wordCount + 7) / 8 * 8
  /// Words of a slot: a cache line for counter and mark, then the copies; two lines apart, as processors fetch pairs.
  private static let slot = (8 + 2 * stride + 15) / 16 * 16

  /// Bytes for the slots of so many ranks.
  static func length(ranks: Int) -> Int { ranks * slot * MemoryLayout<UInt64>.stride }

  /// Maps the whole file; nil, with errno set, where that fails.
  init?(_ descriptor: Int32, length: Int) {
    guard length > 0, let place = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
      place != MAP_FAILED
    else { return nil }
    start = place.assumingMemoryBound(to: UInt64.self)
    self.length = length
  }

  deinit { munmap(start, length) }

  /// How many ranks have a slot here.
  var ranks: Int { length / (Self.slot * MemoryLayout<UInt64>.stride) }

  func publish(_ state: RankState, rank: Int) {
    let words = state.words
    words.withUnsafeBufferPointer { linux_publish(slot(rank), Self.stride, $0.baseAddress, $0.count) }
  }

  /// The state that was published last and how often one was; nil where none was, or a writer was quicker each time.
  func read(_ rank: Int) -> (state: RankState, updates: Int)? {
    var words = [UInt64](repeating: 0, count: RankState.wordCount)
    for _ in 0..<1000 {
      let updates = words.withUnsafeMutableBufferPointer {
        linux_read_published(slot(rank), Self.stride, $0.baseAddress, $0.count)
      }
      if updates == 0 { return nil }
      if updates > 0 { return (RankState(words: words), Int(updates)) }
    }
    return nil
  }

  /// The word in which a worker counts how often it has written its stacks.
  func mark(_ rank: Int) -> UnsafeMutablePointer<UInt64> { slot(rank) + 1 }

  func markValue(_ rank: Int) -> Int { Int(truncatingIfNeeded: linux_load_long(mark(rank))) }

  private func slot(_ rank: Int) -> UnsafeMutablePointer<UInt64> {
    precondition((0..<ranks).contains(rank))
    return start + rank * Self.slot
  }
}
