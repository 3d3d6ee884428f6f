/// What a launcher hands to a worker beside its place in the ring, as the worker's environment tells it.
public struct LauncherLink: Equatable, Sendable {
  /// The descriptor that reads end-of-file once the launcher is gone; see ``Lifeline``.
  public var lifeline: Int32?
  /// The descriptor of the ``StatusBoard``.
  public var board: Int32?
  /// The file in which the launcher keeps what the worker prints; see ``UnreadOutput``.
  public var log: String?

  /// Names what there is.
  public init(lifeline: Int32? = nil, board: Int32? = nil, log: String? = nil) {
    self.lifeline = lifeline
    self.board = board
    self.log = log
  }

  /// What an environment tells; what is missing or unreadable is as without a launcher.
  public init(environment: [String: String]) {
    lifeline = environment[Variable.lifeline.rawValue].flatMap { Int32($0) }
    board = environment[Variable.board.rawValue].flatMap { Int32($0) }
    log = environment[Variable.log.rawValue]
  }

  /// The variables that tell a worker of it.
  public var environment: [String: String] {
    var values: [Variable: String] = [:]
    values[.lifeline] = lifeline.map { "\($0)" }
    values[.board] = board.map { "\($0)" }
    values[.log] = log
    return Dictionary(uniqueKeysWithValues: values.map { ($0.key.rawValue, $0.value) })
  }

  /// The names of all variables that may tell of it; those of another launcher must not be left beside them.
  public static let variables = Set(Variable.allCases.map(\.rawValue))

  private enum Variable: String, CaseIterable {
    case lifeline = "TWINS_LIFELINE_FD"
    case board = "TWINS_BOARD_FD"
    case log = "TWINS_LOG"
  }
}

/// Torchrun's names for where a worker stands; its rank, and the number of ranks, are the ring's to name.
public enum TorchrunVariable: String, CaseIterable, Sendable {
  case localRank = "LOCAL_RANK"
  case localWorldSize = "LOCAL_WORLD_SIZE"
  /// The host's number, and how many there are.
  case hostRank = "GROUP_RANK"
  case hostCount = "GROUP_WORLD_SIZE"
  /// All workers have one role.
  case role = "ROLE_NAME"
  case roleRank = "ROLE_RANK"
  case roleWorldSize = "ROLE_WORLD_SIZE"
  case masterAddress = "MASTER_ADDR"
  case masterPort = "MASTER_PORT"
  case run = "TORCHELASTIC_RUN_ID"
  case restarts = "TORCHELASTIC_RESTART_COUNT"
  case mostRestarts = "TORCHELASTIC_MAX_RESTARTS"
  /// Whether the launcher keeps a store at the master's port, and not rank 0.
  case launcherStore = "TORCHELASTIC_USE_AGENT_STORE"
  /// Where a worker may write why it fails.
  case errorFile = "TORCHELASTIC_ERROR_FILE"
}

/// The names by which the maths library is told how many threads to use, in the order in which it heeds them.
public enum ThreadVariable: String, CaseIterable, Sendable {
  /// MKL's own comes first: libtorch asks MKL, which reads the other one without it.
  case mkl = "MKL_NUM_THREADS"
  case openMP = "OMP_NUM_THREADS"
}
