import Recipe
import RunControl
import System

/// What one source says about the hosts of a run: flags, or the variables of a scheduler.
struct HostClues: Equatable, Sendable {
  /// A value and its source.
  struct Clue<Value: Equatable & Sendable>: Equatable, Sendable {
    let value: Value
    /// A flag or a variable.
    let source: String
  }

  var hosts: Clue<Int>?
  /// The least number of hosts with which the run continues when others are gone.
  var least: Clue<Int>?
  /// This host's number.
  var host: Clue<Int>?
  var meeting: Clue<MeetingPoint>?
  /// The meeting point where none is given.
  var usualMeeting: Clue<MeetingPoint>?
}

extension HostClues {
  /// Reads the variables of the first known scheduler that is recognised in the environment.
  ///
  /// Open MPI comes before Slurm: under both, Slurm's variables describe the hosts on which mpirun runs.
  /// Variables of a worker of torchrun or of ours count workers, and are not read.
  init(environment: [String: String]) throws(LaunchError) {
    let variables = Variables(values: environment)
    self = try Self.first(variables)
    // An indexed Job of Kubernetes numbers its pods, and gives nothing else.
    if host == nil { host = try variables.number("JOB_COMPLETION_INDEX", from: 0) }
  }

  private static func first(_ variables: Variables) throws(LaunchError) -> HostClues {
    if let clues = try torchrun(variables) { return clues }
    if let clues = try openMPI(variables) { return clues }
    if let clues = try slurm(variables) { return clues }
    return try trainingOperator(variables) ?? HostClues()
  }

  /// The variables that torchrun reads instead of flags, as Kubeflow sets them.
  private static func torchrun(_ variables: Variables) throws(LaunchError) -> HostClues? {
    guard let hosts = try variables.hosts("PET_NNODES") else { return nil }
    var clues = HostClues(hosts: hosts.most, least: hosts.least)
    for name in ["PET_NODE_RANK", "GROUP_RANK", "RANK"] where clues.host == nil {
      clues.host = try variables.number(name, from: 0)
    }
    clues.meeting = try variables.meeting("PET_RDZV_ENDPOINT")
    for prefix in ["PET_", ""] where clues.meeting == nil {
      clues.meeting = try variables.meeting("\(prefix)MASTER_ADDR", port: "\(prefix)MASTER_PORT")
    }
    return clues
  }

  /// One process per host, as started by `mpirun --map-by ppr:1:node`; nothing says where the first one is.
  private static func openMPI(_ variables: Variables) throws(LaunchError) -> HostClues? {
    guard let hosts = try variables.number("OMPI_COMM_WORLD_SIZE", from: 1), hosts.value > 1 else {
      return nil
    }
    if let local = try variables.number("OMPI_COMM_WORLD_LOCAL_SIZE", from: 1), local.value != 1 {
      throw LaunchError(
        "mpirun has started \(local.value) launchers on this host, and one starts all workers of a host: "
          + "mpirun --map-by ppr:1:node --bind-to none twins-launch …", exitStatus: .usage)
    }
    return HostClues(
      hosts: hosts, host: try variables.number("OMPI_COMM_WORLD_RANK", from: 0),
      meeting: try variables.meeting("MASTER_ADDR", port: "MASTER_PORT"))
  }

  /// One task per host, as started by `srun --ntasks-per-node=1`.
  ///
  /// Values of the step rather than of the job are read, since a launcher that a batch script starts directly
  /// has one host. SLURM_LAUNCH_NODE_IPADDR is where srun runs, which need not be host 0.
  private static func slurm(_ variables: Variables) throws(LaunchError) -> HostClues? {
    guard let hosts = try variables.number("SLURM_STEP_NUM_NODES", from: 1), hosts.value > 1 else {
      return nil
    }
    if let tasks = try variables.number("SLURM_STEP_NUM_TASKS", from: 1), tasks.value != hosts.value {
      throw LaunchError(
        "srun has started \(counted(tasks.value, "launcher")) on \(counted(hosts.value, "host")), and one starts all workers of a host: "
          + "srun --ntasks-per-node=1 --cpus-per-task=N twins-launch …", exitStatus: .usage)
    }
    var clues = HostClues(hosts: hosts, host: try variables.number("SLURM_NODEID", from: 0))
    let list = "SLURM_STEP_NODELIST"
    if let first = variables.values[list].flatMap(firstOfNodeList) {
      let job = try variables.number("SLURM_JOB_ID", from: 0)?.value ?? 0
      // Jobs that share a host must not meet at one port. These lie below the kernel's ephemeral ports.
      let port = UInt16(10_000 + job % 20_000)
      clues.usualMeeting = Clue(value: MeetingPoint(host: first, port: port), source: list)
    }
    return clues
  }

  /// Kubeflow's operator before it set torchrun's variables: RANK and WORLD_SIZE count hosts.
  private static func trainingOperator(_ variables: Variables) throws(LaunchError) -> HostClues? {
    // torchrun's workers also have LOCAL_RANK; for them the two variables count workers.
    guard variables.values["LOCAL_RANK"] == nil, variables.values["OMPI_COMM_WORLD_SIZE"] == nil,
      let meeting = try variables.meeting("MASTER_ADDR", port: "MASTER_PORT"),
      let hosts = try variables.number("WORLD_SIZE", from: 1),
      let host = try variables.number("RANK", from: 0)
    else { return nil }
    return HostClues(hosts: hosts, host: host, meeting: meeting)
  }

  /// Returns the first name of a Slurm host list: `node[1-3,7],login2` begins with `node1`.
  static func firstOfNodeList(_ list: String) -> String? {
    var name = ""
    var depth = 0
    var isTaken = false
    for character in list {
      switch character {
      case "[": (depth, isTaken) = (1, false)
      case "]": depth = 0
      case ",", "-":
        guard depth > 0 || character == "-" else { return name.isEmpty ? nil : name }
        if depth > 0 { isTaken = true } else { name.append(character) }
      default: if depth == 0 || !isTaken { name.append(character) }
      }
    }
    return name.isEmpty || depth > 0 ? nil : name
  }
}

/// Reads variables of the environment; errors name the variable.
private struct Variables {
  let values: [String: String]

  func number(_ name: String, from least: Int) throws(LaunchError) -> HostClues.Clue<Int>? {
    guard let text = values[name], !text.isEmpty else { return nil }
    guard let number = Int(text), number >= least else { throw Self.refusal(of: name, text, from: least) }
    return HostClues.Clue(value: number, source: name)
  }

  /// Reads a number of hosts, or torchrun's range.
  func hosts(_ name: String) throws(LaunchError) -> (least: HostClues.Clue<Int>?, most: HostClues.Clue<Int>)?
  {
    guard let text = values[name], !text.isEmpty else { return nil }
    guard let count = HostCount(text) else { throw Self.refusal(of: name, text, from: 1) }
    return (
      count.least.map { HostClues.Clue(value: $0, source: name) },
      HostClues.Clue(value: count.most, source: name)
    )
  }

  private static func refusal(of name: String, _ text: String, from least: Int) -> LaunchError {
    LaunchError(
      "\(name)='\(text)' is no number from \(least) on: whatever has started this launcher sets it. Unset it, or "
        + "name the hosts by --nnodes, --node-rank and --rdzv-endpoint.", exitStatus: .usage)
  }

  func meeting(_ name: String) throws(LaunchError) -> HostClues.Clue<MeetingPoint>? {
    guard let text = values[name], !text.isEmpty else { return nil }
    guard let meeting = MeetingPoint(text) else { throw Self.refusal(name, text) }
    return HostClues.Clue(value: meeting, source: name)
  }

  func meeting(_ name: String, port: String) throws(LaunchError) -> HostClues.Clue<MeetingPoint>? {
    guard let host = values[name], !host.isEmpty else { return nil }
    let number = values[port] ?? "\(MeetingPoint.usualPort)"
    let text = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]:\(number)" : "\(host):\(number)"
    guard let meeting = MeetingPoint(text) else { throw Self.refusal("\(name) and \(port)", text) }
    return HostClues.Clue(value: meeting, source: name)
  }

  private static func refusal(_ name: String, _ text: String) -> LaunchError {
    LaunchError(
      "\(name)='\(text)' names no place to meet: HOST:PORT does, with an address of IPv6 in brackets.",
      exitStatus: .usage)
  }
}

/// A number of hosts in torchrun's form: `4`, or `2:4`, where two of four are enough to continue.
struct HostCount: Equatable, Sendable {
  /// Nil where none may be missing.
  let least: Int?
  let most: Int

  /// Nil for anything else.
  init?(_ text: String) {
    let ends = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard let first = ends.first, let last = ends.last, let first, let last, ends.count <= 2,
      first >= 1, first <= last
    else { return nil }
    (least, most) = (first < last ? first : nil, last)
  }
}
