/// How messages get from rank to rank.
public enum TransportName: String, CaseIterable, Sendable {
  /// Shared memory where it can be had, sockets where not.
  case auto
  /// The ring's messages over Unix-domain sockets, the gradients in memory that all ranks share.
  case shm
  /// Messages and gradients over Unix-domain sockets.
  case ipc
  /// Messages and gradients over TCP.
  case tcp
}

/// Everything that a rank must know to join its ring.
public struct RingRendezvous: Sendable {
  /// This process's rank in the ring; every rank from 0 to `size` - 1 must come.
  public var rank: Int
  /// The number of ranks.
  public var size: Int
  /// The number that rank 0 has in the larger group, where the ring is a part of one; errors use these
  /// numbers.
  public var firstRank = 0
  /// The run's name; a rank of another run is refused.
  public var run: String
  /// How often the run has started its workers; a rank of another start is refused.
  public var generation: Int
  /// A folder of this run alone, closed to other users (mode 0700), with a short path.
  public var directory: String
  /// How messages get from rank to rank.
  public var transport = TransportName.auto
  /// The memory that all ranks share, for `shm`; nil where the launcher gave none.
  public var memory: SharedMemory?
  /// The address whose ports `tcp` uses; beyond loopback, messages are encrypted.
  public var address = "127.0.0.1"
  /// Whether `tcp` encrypts on loopback too.
  var alwaysEncrypts = false
  /// The format in which sums travel where `transport` is `ipc` or `tcp`; `auto` always uses float32.
  public var gradientWire = WireFormat.float32
  /// How many consecutive ranks are summed first, before the groups' sums are added (`--sum-group`); `size`
  /// is a multiple of it. Nil makes all ranks one group.
  public var sumGroup: Int?
  /// Whether the ranks make the folder and the memory themselves, because no twins-launch started them.
  public var isUnattended = false
  /// The longest wait for a rank that has not come yet; each arrival restarts it.
  public var deadline = Duration.seconds(60)
  /// How long a rank waits for its neighbours once they have met.
  public var timeouts = RingGroup.Timeouts()

  /// Whether the transport certainly sends sums as messages.
  public var sendsSums: Bool { transport == .ipc || transport == .tcp }

  /// The order of sums.
  var sumOrder: SumOrder { SumOrder(size: size, group: sumGroup) }

  /// A memory file that the launcher made and every worker inherited.
  public struct SharedMemory: Sendable {
    /// The file's descriptor, for the same file on every rank.
    public var descriptor: Int32
    /// The most bytes to which the file may grow; nil leaves that to the machine.
    public var limit: Int?

    /// Describes an inherited file.
    public init(descriptor: Int32, limit: Int? = nil) {
      self.descriptor = descriptor
      self.limit = limit
    }
  }

  /// Makes a rendezvous over sockets in `directory`, with the default limits.
  public init(rank: Int, size: Int, run: String, generation: Int, directory: String) {
    self.rank = rank
    self.size = size
    self.run = run
    self.generation = generation
    self.directory = directory
  }
}

extension RingRendezvous {
  /// Reads the rendezvous from a process's environment; nil where no launcher started the process.
  ///
  /// - Throws: ``BadVariable`` if rank, size or generation is not a number that fits. Other variables that
  ///   are missing or unreadable get their defaults.
  public init?(environment: [String: String]) throws(BadVariable) {
    guard let directory = environment[Variable.directory.rawValue] else { return nil }
    let size = try environment.number(Variable.size.rawValue)
    self.init(
      rank: try environment.number(Variable.rank.rawValue, below: size), size: size,
      run: environment[Variable.run.rawValue] ?? "",
      generation: try environment.number(Variable.generation.rawValue, orIfMissing: 0),
      directory: directory)
    transport = environment[Variable.transport.rawValue].flatMap(TransportName.init) ?? transport
    memory = SharedMemory(environment)
    address = environment[Variable.address.rawValue] ?? address
    if let seconds = environment[Variable.silence.rawValue].flatMap({ Double($0) }), seconds > 0,
      seconds.isFinite
    {
      timeouts.silence = .seconds(seconds)
    }
  }

  /// The environment variables that describe this rendezvous to a process.
  public var environment: [String: String] {
    var values: [Variable: String] = [
      .rank: "\(rank)", .size: "\(size)", .run: run, .generation: "\(generation)", .directory: directory,
      .transport: transport.rawValue, .address: address, .silence: "\(timeouts.silence / .seconds(1))",
    ]
    values[.memory] = memory.map { "\($0.descriptor)" }
    values[.memoryLimit] = memory?.limit.map { "\($0)" }
    return Dictionary(uniqueKeysWithValues: values.map { ($0.key.rawValue, $0.value) })
  }

  /// The names of all variables that may describe a rendezvous; remove those of another one before adding
  /// these.
  public static let variables = Set(Variable.allCases.map(\.rawValue))

  /// The variable that holds a process's rank.
  public static let rankVariable = Variable.rank.rawValue
  /// The variable that holds the number of ranks; other launchers set it as well.
  public static let sizeVariable = Variable.size.rawValue
  /// The variable that names the folder where the ranks meet; without it there is no rendezvous.
  public static let directoryVariable = Variable.directory.rawValue

  fileprivate enum Variable: String, CaseIterable {
    case rank = "RANK"
    case size = "WORLD_SIZE"
    case run = "TWINS_RUN_ID"
    case generation = "TWINS_GENERATION"
    case directory = "TWINS_SOCKET_DIR"
    case transport = "TWINS_TRANSPORT"
    case memory = "TWINS_SHM_FD"
    case memoryLimit = "TWINS_SHM_SIZE"
    case address = "TWINS_RING_ADDRESS"
    case silence = "TWINS_HANG_TIMEOUT"
  }
}

extension RingRendezvous {
  /// A variable of the environment that does not hold the number it must.
  public struct BadVariable: Error, Equatable, CustomStringConvertible {
    /// The variable's name.
    public let name: String
    /// The variable's value; empty where it is missing.
    public let value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }

    /// What happened, the likely cause and what to do.
    public var description: String {
      "\(name)='\(value)' is not a number that fits: twins-launch sets it. "
        + "Start workers with twins-launch, or one alone without \(Variable.directory.rawValue)."
    }
  }
}

extension RingRendezvous.SharedMemory {
  fileprivate init?(_ environment: [String: String]) {
    guard
      let descriptor = try? environment.number(RingRendezvous.Variable.memory.rawValue, below: Int(Int32.max))
    else { return nil }
    self.init(
      descriptor: Int32(descriptor),
      limit: try? environment.number(RingRendezvous.Variable.memoryLimit.rawValue)
    )
  }
}

extension [String: String] {
  /// The number from 0 to below `limit` that a variable holds.
  package func number(
    _ name: String, orIfMissing missing: Int? = nil, below limit: Int = .max
  ) throws(RingRendezvous.BadVariable) -> Int {
    if self[name] == nil, let missing { return missing }
    guard let value = self[name].flatMap({ Int($0) }), (0..<Swift.max(0, limit)).contains(value) else {
      throw RingRendezvous.BadVariable(name: name, value: self[name] ?? "")
    }
    return value
  }
}

extension RingRendezvous {
  /// Joins the ranks: a ring, or a group of one where there is only one.
  public func join() throws(CollectiveError) -> any ProcessGroup {
    size == 1 ? SoloGroup() : try RingGroup.connect(self)
  }
}
