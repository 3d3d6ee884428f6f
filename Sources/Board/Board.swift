internal import CLinux
internal import Glibc

/// The launcher's side: what all ranks say of themselves, readable whatever has become of them.
public final class Board: Sendable {
  /// The variable that names the descriptor of the board in a worker.
  public static let variable = "TWINS_BOARD_FD"

  /// The file in memory, for workers to inherit.
  public let descriptor: Int32
  /// How many ranks have a place.
  public let ranks: Int
  private let memory: BoardMemory

  /// Makes an empty board; nil, with errno set, where the machine gives no memory.
  public init?(ranks: Int) {
    let length = BoardMemory.length(ranks: ranks)
    let file = linux_sealed_memory_file("twins-board", length)
    // A number above those that a worker's own descriptors have: dup2 onto one of them would replace the file.
    let descriptor = fcntl(file, F_DUPFD_CLOEXEC, 16)
    close(file)
    guard descriptor >= 0, let memory = BoardMemory(descriptor, length: length) else { return nil }
    self.descriptor = descriptor
    self.ranks = ranks
    self.memory = memory
  }

  deinit { close(descriptor) }

  /// Notes on a worker's behalf that it starts now; before the worker runs.
  public func begin(rank: Int, at moment: UInt64) {
    var state = RankState()
    state.since = moment
    memory.publish(state, rank: rank)
  }

  /// What a rank said last, and how often it said anything.
  public func read(rank: Int) -> (state: RankState, updates: Int)? { memory.read(rank) }

  /// How often a rank has written its stacks.
  public func stacksWritten(rank: Int) -> Int { memory.markValue(rank) }
}

/// Now on the clock of `RankState.since`.
public func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
