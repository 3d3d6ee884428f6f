import Board
import CLinux
import Collective

/// Where each worker of a run stands, told to it through its environment as torchrun tells it.
struct Placement: Sendable {
  /// Where the workers meet, as rank 0 sees it.
  var meeting: RingMeeting
  /// Free when the launcher looked, for programs that expect one; our own workers have their meeting.
  var masterPort: UInt16
  let threads: Threads
  /// Whether workers have a board to say on what they do.
  var hasBoard = false
  /// What torchrun calls its --max-restarts.
  var maxRestarts = 0

  /// How many threads each worker's parallel loops use.
  struct Threads: Equatable, Sendable {
    let count: Int
    /// Whether the user named the number, which then wins over an OMP_NUM_THREADS from outside.
    let isExplicit: Bool

    /// The number that the user named, or else the processors shared out over the workers.
    init(named: Int?, processors: Int, workers: Int) {
      count = named ?? max(1, processors / workers)
      isExplicit = named != nil
    }

    /// This machine's processors, shared out unless the user named a number.
    static func shared(named: Int?, workers: Int) -> Threads {
      Threads(named: named, processors: max(1, Int(linux_usable_processors())), workers: workers)
    }
  }

  /// The whole environment of one worker, given the launcher's own.
  func environment(rank: Int, inheriting outer: [String: String]) -> [String: String] {
    let wished = outer.filter { threadDefaults.keys.contains($0.key) && !replaces($0.key) }
    return outer.filter { !Self.isOwn($0.key) }
      .merging(meeting(rank: rank).environment) { $1 }
      .merging(identity(rank: rank)) { $1 }
      .merging(hasBoard ? [Board.variable: "\(WorkerProcess.boardDescriptor)"] : [:]) { $1 }
      .merging(threadDefaults) { $1 }
      .merging(wished) { $1 }
  }

  private func meeting(rank: Int) -> RingMeeting {
    var meeting = meeting
    meeting.rank = rank
    return meeting
  }

  private func identity(rank: Int) -> [String: String] {
    [
      "LOCAL_RANK": "\(rank)", "GROUP_RANK": "0", "LOCAL_WORLD_SIZE": "\(meeting.size)",
      "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "\(masterPort)",
      "TORCHELASTIC_RUN_ID": meeting.run, "TORCHELASTIC_RESTART_COUNT": "\(meeting.generation)",
      "TORCHELASTIC_MAX_RESTARTS": "\(maxRestarts)",
      Lifeline.variable: "\(WorkerProcess.lifelineDescriptor)",
    ]
  }

  /// Threads that spin while they wait take the cores from the other ranks: three times slower on a full machine.
  private var threadDefaults: [String: String] {
    ["OMP_NUM_THREADS": "\(threads.count)", "OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"]
  }

  /// Variables that the launcher sets, or that speak to it: those of another one must not be left.
  private static func isOwn(_ variable: String) -> Bool {
    RingMeeting.variables.contains(variable) || Notifier.variables.contains(variable)
      || [Board.variable, UnreadOutput.variable].contains(variable)
  }

  private func replaces(_ variable: String) -> Bool {
    variable == "OMP_NUM_THREADS" && threads.isExplicit
  }
}
