/// What a launcher gives a worker through its environment, besides its place in the ring.
public struct LauncherLink: Equatable, Sendable {
  /// The descriptor that reads end-of-file once the launcher has ended; see ``Lifeline``.
  public var lifeline: Int32?
  /// The descriptor of the ``StatusBoard``.
  public var board: Int32?
  /// The file in which the launcher stores the worker's output; see ``UnreadOutput``.
  public var log: String?

  /// Makes a link from what there is.
  public init(lifeline: Int32? = nil, board: Int32? = nil, log: String? = nil) {
    self.lifeline = lifeline
    self.board = board
    self.log = log
  }

  /// Reads the link from an environment; missing or invalid values count as absent.
  public init(environment: [String: String]) {
    lifeline = environment[Variable.lifeline.rawValue].flatMap { Int32($0) }
    board = environment[Variable.board.rawValue].flatMap { Int32($0) }
    log = environment[Variable.log.rawValue]
  }

  /// The environment variables that describe the link to a worker.
  public var environment: [String: String] {
    var values: [Variable: String] = [:]
    values[.lifeline] = lifeline.map { "\($0)" }
    values[.board] = board.map { "\($0)" }
    values[.log] = log
    return Dictionary(uniqueKeysWithValues: values.map { ($0.key.rawValue, $0.value) })
  }

  /// The names of all these variables; remove another launcher's before adding them.
  public static let variables = Set(Variable.allCases.map(\.rawValue))

  private enum Variable: String, CaseIterable {
    case lifeline = "TWINS_LIFELINE_FD"
    case board = "TWINS_BOARD_FD"
    case log = "TWINS_LOG"
  }
}

/// torchrun's variables for a worker's place; rank and number of ranks belong to the ring.
public enum TorchrunVariable: String, CaseIterable, Sendable {
  case localRank = "LOCAL_RANK"
  case localWorldSize = "LOCAL_WORLD_SIZE"
  /// The host's number, and the number of hosts.
  case hostRank = "GROUP_RANK"
  case hostCount = "GROUP_WORLD_SIZE"
  /// All workers have the same role.
  case role = "ROLE_NAME"
  case roleRank = "ROLE_RANK"
  case roleWorldSize = "ROLE_WORLD_SIZE"
  case masterAddress = "MASTER_ADDR"
  case masterPort = "MASTER_PORT"
  case run = "TORCHELASTIC_RUN_ID"
  case restarts = "TORCHELASTIC_RESTART_COUNT"
  case mostRestarts = "TORCHELASTIC_MAX_RESTARTS"
  /// Whether the launcher, instead of rank 0, keeps a store at the master's port.
  case launcherStore = "TORCHELASTIC_USE_AGENT_STORE"
  /// Where a worker may write why it failed.
  case errorFile = "TORCHELASTIC_ERROR_FILE"
}

/// The variables that set libtorch's number of threads, in order of precedence.
public enum ThreadVariable: String, CaseIterable, Sendable {
  /// MKL's own variable comes first: libtorch asks MKL, which reads the other one only without it.
  case mkl = "MKL_NUM_THREADS"
  case openMP = "OMP_NUM_THREADS"
}
