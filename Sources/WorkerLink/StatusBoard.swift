internal import CLinux
internal import Glibc
internal import System

/// The launcher's side: what all ranks say of themselves, readable whatever has become of them.
public final class StatusBoard: Sendable {
  /// The file in memory, for workers to inherit.
  public var descriptor: Int32 { file.number }
  /// How many ranks have a place.
  public let ranks: Int
  private let file: Descriptor
  private let memory: StatusMemory

  /// Makes an empty board; nil, with errno set, where the machine gives no memory.
  public init?(ranks: Int) {
    let length = StatusMemory.length(ranks: ranks)
    guard let first = Descriptor(linux_sealed_memory_file("twins-board", length)),
      // A number above those that a worker's own descriptors have: dup2 onto one of them would replace the file.
      let file = Descriptor(fcntl(first.number, F_DUPFD_CLOEXEC, 16)),
      let memory = StatusMemory(file.number, length: length)
    else { return nil }
    self.file = file
    self.ranks = ranks
    self.memory = memory
  }

  /// Notes on a worker's behalf that it starts now; before the worker runs.
  public func begin(rank: Int, at moment: UInt64) {
    var state = WorkerStatus()
    state.since = moment
    memory.publish(state, rank: rank)
  }

  /// What a rank said last, and how often it said anything.
  public func read(rank: Int) -> (state: WorkerStatus, updates: Int)? { memory.read(rank) }

  /// How often a rank has written its stacks.
  public func stacksWritten(rank: Int) -> Int { memory.markValue(rank) }

  /// Tells the workers here that a rank of another host has failed, by its number in the run; the first one stays.
  public func note(failureElsewhere rank: Int) { memory.note(failureElsewhere: rank) }
}

/// A worker's place on the board; it alone writes there, and without a system call. It reads what the launcher tells all.
public final class StatusSlot: Sendable {
  private let memory: StatusMemory
  private let rank: Int

  /// The place that the launcher's environment names; nil without a launcher, or with one that keeps no board.
  public init?(_ environment: [String: String], rank: Int) {
    guard let descriptor = LauncherLink(environment: environment).board else { return nil }
    var status = stat()
    guard fstat(descriptor, &status) == 0,
      let memory = StatusMemory(descriptor, length: Int(status.st_size)), (0..<memory.ranks).contains(rank)
    else { return nil }
    // The mapping stays; programs that this one starts get neither.
    close(descriptor)
    self.memory = memory
    self.rank = rank
  }

  /// Tells the launcher.
  public func publish(_ state: WorkerStatus) { memory.publish(state, rank: rank) }

  /// The rank of another host of whose failure the launcher has heard; nil where of none.
  public var failureElsewhere: Int? { memory.failureElsewhere }

  /// Has SIGUSR2 write the stacks of all threads to stderr, and mark it on the board.
  public func writeStacksOnSignal() { _ = linux_write_stacks_on(SIGUSR2, memory.mark(rank)) }
}

/// The memory in which every rank has a slot of its own, seen at an address of this process.
///
/// A slot is a counter, a mark, and two copies of a state: the counter says which one is whole. So a reader finds a
/// whole state even when the writer was stopped in the middle of the next one. Behind the slots there is a word for all ranks.
final class StatusMemory: Sendable {
  // What lies there is read and written atomically.
  private let memory: MappedMemory

  /// Words of one copy: whole cache lines.
  static let stride = (WorkerStatus.wordCount + 7) / 8 * 8
  /// Words of a slot: a cache line for counter and mark, then the copies; two lines apart, as processors fetch pairs.
  private static let slot = (8 + 2 * stride + 15) / 16 * 16

  /// Words behind the slots: the first one says which rank of another host has failed, counted from 1.
  private static let common = 16

  /// Bytes for the slots of so many ranks, and the word for all.
  static func length(ranks: Int) -> Int { (ranks * slot + common) * MemoryLayout<UInt64>.stride }

  /// Maps the whole file; nil, with errno set, where that fails.
  init?(_ descriptor: Int32, length: Int) {
    guard length > 0, let memory = MappedMemory(sharing: descriptor, byteCount: length) else { return nil }
    self.memory = memory
  }

  /// How many ranks have a slot here.
  var ranks: Int { (memory.byteCount / MemoryLayout<UInt64>.stride - Self.common) / Self.slot }

  func publish(_ state: WorkerStatus, rank: Int) {
    let words = state.words
    words.withUnsafeBufferPointer { linux_publish(slot(rank), Self.stride, $0.baseAddress, $0.count) }
  }

  /// The state that was published last and how often one was; nil where none was, or a writer was quicker each time.
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

  /// The word in which a worker counts how often it has written its stacks.
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
