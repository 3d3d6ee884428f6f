internal import CLinux
internal import Glibc

/// A worker's place on the board; it alone writes there, and without a system call.
public final class BoardSlot: Sendable {
  private let memory: BoardMemory
  private let rank: Int

  /// The place that the launcher's environment names; nil without a launcher, or with one that keeps no board.
  public init?(_ environment: [String: String], rank: Int) {
    guard let descriptor = environment[Board.variable].flatMap({ Int32($0) }) else { return nil }
    var status = stat()
    guard fstat(descriptor, &status) == 0,
      let memory = BoardMemory(descriptor, length: Int(status.st_size)), (0..<memory.ranks).contains(rank)
    else { return nil }
    // The mapping stays; programs that this one starts get neither.
    close(descriptor)
    self.memory = memory
    self.rank = rank
  }

  /// Tells the launcher.
  public func publish(_ state: RankState) { memory.publish(state, rank: rank) }

  /// Has SIGUSR2 write the stacks of all threads to stderr, and mark it on the board.
  public func writeStacksOnSignal() { _ = linux_write_stacks_on(SIGUSR2, memory.mark(rank)) }
}
