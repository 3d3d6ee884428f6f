internal import CLinux
internal import Glibc
internal import System

/// The launcher's side of the board on which all ranks publish their state, readable whatever has become of
/// them.
public final class StatusBoard: Sendable {
  /// The memory file, which workers inherit.
  public var descriptor: Int32 { file.number }
  /// The number of ranks.
  public let ranks: Int
  private let file: Descriptor
  private let memory: StatusMemory

  /// Makes an empty board; nil, with errno set, if there is no memory.
  public init?(ranks: Int) {
    let length = StatusMemory.length(ranks: ranks)
    guard let first = Descriptor(linux_sealed_memory_file("twins-board", length)),
      // Above the numbers of a worker's own descriptors, since dup2 onto one of them would replace the file.
      let file = Descriptor(fcntl(first.number, F_DUPFD_CLOEXEC, 16)),
      let memory = StatusMemory(file.number, length: length)
    else { return nil }
    self.file = file
    self.ranks = ranks
    self.memory = memory
  }

  /// Notes, before a worker runs, that it starts now.
  public func begin(rank: Int, at moment: UInt64) {
    var state = WorkerStatus()
    state.since = moment
    memory.publish(state, rank: rank)
  }

  /// The last state that a rank published, and how many it has published.
  public func read(rank: Int) -> (state: WorkerStatus, updates: Int)? { memory.read(rank) }

  /// How often a rank has written its stacks.
  public func stacksWritten(rank: Int) -> Int { memory.markValue(rank) }

  /// Tells the workers here that a rank of another host has failed, by its number in the run; the first one stays.
  public func note(failureElsewhere rank: Int) { memory.note(failureElsewhere: rank) }
}

/// A worker's slot on the board; only that worker writes there, without system calls. It also reads the launcher's word to all.
public final class StatusSlot: Sendable {
  private let memory: StatusMemory
  private let rank: Int

  /// The slot named by the launcher's environment; nil without a launcher or a board.
  public init?(_ environment: [String: String], rank: Int) {
    guard let descriptor = LauncherLink(environment: environment).board else { return nil }
    var status = stat()
    guard fstat(descriptor, &status) == 0,
      let memory = StatusMemory(descriptor, length: Int(status.st_size)), (0..<memory.ranks).contains(rank)
    else { return nil }
    // The mapping stays; programs that this one starts inherit no descriptor.
    close(descriptor)
    self.memory = memory
    self.rank = rank
  }

  /// Publishes a state.
  public func publish(_ state: WorkerStatus) { memory.publish(state, rank: rank) }

  /// The rank of another host of whose failure the launcher has heard; nil if of none.
  public var failureElsewhere: Int? { memory.failureElsewhere }

  /// Makes SIGUSR2 write the stacks of all threads to standard error, and count that on the board.
  public func writeStacksOnSignal() { _ = linux_write_stacks_on(SIGUSR2, memory.mark(rank)) }
}

/// The shared memory with one slot for each rank.
///
/// A slot has a counter, a mark, and two copies of a state; the counter tells which copy is complete. So a
/// reader finds a complete state even if the writer was stopped while writing the next. A word for all ranks
/// follows the slots.
final class StatusMemory: Sendable {
  // Accessed with atomic operations only.
  private let memory: MappedMemory

  /// Words of one copy, rounded up to whole cache lines.
  static let stride = (WorkerStatus.wordCount + 7) / 8 * 8
  /// Words of a slot: a cache line for counter and mark, then the copies; aligned to two lines, since
  /// processors fetch pairs.
  private static let slot = (8 + 2 * stride + 15) / 16 * 16

  /// Words after the slots: the first one is the failed rank of another host, plus 1; 0 if none has failed.
  private static let common = 16

  /// The bytes of the slots of `ranks` ranks, and of the word for all.
  static func length(ranks: Int) -> Int { (ranks * slot + common) * MemoryLayout<UInt64>.stride }

  /// Maps the whole file; nil, with errno set, on failure.
  init?(_ descriptor: Int32, length: Int) {
    guard length > 0, let memory = MappedMemory(sharing: descriptor, byteCount: length) else { return nil }
    self.memory = memory
  }

  /// The number of slots.
  var ranks: Int { (memory.byteCount / MemoryLayout<UInt64>.stride - Self.common) / Self.slot }

  func publish(_ state: WorkerStatus, rank: Int) {
    let words = state.words
    words.withUnsafeBufferPointer { linux_publish(slot(rank), Self.stride, $0.baseAddress, $0.count) }
  }

  /// The last published state and the number of states published; nil if there is none, or the writer
  /// overwrote it at each attempt.
  func read(_ rank: Int) -> (state: WorkerStatus, updates: Int)? {
    var words = [UInt64](repeating: 0, count: WorkerStatus.wordCount)
    for _ in 0..<1000 {
      let updates = words.withUnsafeMutableBufferPointer {
        linux_read_published(slot(rank), Self.stride, $0.baseAddress, $0.count)
      }
      if updates == 0 { return nil }
      if updates > 0 { return (WorkerStatus(words: words), Int(updates)) }
    }
    return nil
  }

  /// The word that counts how often a worker has written its stacks.
  func mark(_ rank: Int) -> UnsafeMutablePointer<UInt64> { slot(rank) + 1 }

  func markValue(_ rank: Int) -> Int { Int(truncatingIfNeeded: linux_load_long(mark(rank))) }

  func note(failureElsewhere rank: Int) { _ = linux_replace_long(failure, 0, UInt64(rank + 1)) }

  var failureElsewhere: Int? {
    let number = linux_load_long(failure)
    return number == 0 ? nil : Int(truncatingIfNeeded: number) - 1
  }

  private var failure: UnsafeMutablePointer<UInt64> { words + ranks * Self.slot }

  private func slot(_ rank: Int) -> UnsafeMutablePointer<UInt64> {
    precondition((0..<ranks).contains(rank))
    return words + rank * Self.slot
  }

  private var words: UnsafeMutablePointer<UInt64> { memory.start.assumingMemoryBound(to: UInt64.self) }
}
