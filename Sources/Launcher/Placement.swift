/// Where each worker of a run stands, told to it through its environment as torchrun tells it.
struct Placement: Equatable, Sendable {
  let runIdentifier: String
  let size: Int
  let attempt: Int
  /// Free when the launcher looked, for programs that expect one; our own workers meet in `socketFolder`.
  let masterPort: UInt16
  let socketFolder: String
  let threads: Threads

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
  }

  /// The whole environment of one worker, given the launcher's own.
  func environment(rank: Int, inheriting outer: [String: String]) -> [String: String] {
    let wished = outer.filter { threadDefaults.keys.contains($0.key) && !replaces($0.key) }
    return outer.merging(identity(rank: rank)) { $1 }
      .merging(threadDefaults) { $1 }
      .merging(wished) { $1 }
  }

  private func identity(rank: Int) -> [String: String] {
    [
      "RANK": "\(rank)", "LOCAL_RANK": "\(rank)", "GROUP_RANK": "0",
      "WORLD_SIZE": "\(size)", "LOCAL_WORLD_SIZE": "\(size)",
      "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "\(masterPort)",
      "TORCHELASTIC_RUN_ID": runIdentifier, "TORCHELASTIC_RESTART_COUNT": "\(attempt)",
      "TORCHELASTIC_MAX_RESTARTS": "0",
      "TWINS_RUN_ID": runIdentifier, "TWINS_GENERATION": "\(attempt)", "TWINS_SOCKET_DIR": socketFolder,
      "TWINS_LIFELINE_FD": "\(WorkerProcess.lifelineDescriptor)",
    ]
  }

  /// Threads that spin while they wait take the cores from the other ranks: three times slower on a full machine.
  private var threadDefaults: [String: String] {
    ["OMP_NUM_THREADS": "\(threads.count)", "OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"]
  }

  private func replaces(_ variable: String) -> Bool {
    variable == "OMP_NUM_THREADS" && threads.isExplicit
  }
}
