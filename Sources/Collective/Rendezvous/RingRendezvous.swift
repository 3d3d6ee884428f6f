/// How messages get from rank to rank.
public enum TransportName: String, CaseIterable, Sendable {
  /// Shared memory where it can be had, sockets where not.
  case auto
  /// The ring's messages over Unix-domain sockets, the gradients in memory that all ranks see.
  case shm
  /// Messages and gradients over Unix-domain sockets.
  case ipc
  /// Messages and gradients over TCP.
  case tcp
}

/// Everything that a rank must know to join its ring.
public struct RingRendezvous: Sendable {
  /// This process's place; every rank from 0 to `size` - 1 must come.
  public var rank: Int
  /// The number of ranks.
  public var size: Int
  /// What rank 0 is called where the ring is a part of more ranks, and the others from there on.
  public var firstRank = 0
  /// The run's name; a rank of another run is refused.
  public var run: String
  /// How often the run has started its workers; a rank of another start is refused.
  public var generation: Int
  /// A folder of this run alone, closed to other users (mode 0700), with a short path.
  public var directory: String
  /// How messages get from rank to rank.
  public var transport = TransportName.auto
  /// The memory that all ranks see, for `shm`; nil where the launcher gave none.
  public var memory: SharedMemory?
  /// The address whose ports `tcp` uses; beyond loopback, messages are encrypted.
  public var address = "127.0.0.1"
  /// Whether `tcp` encrypts on loopback too.
  var alwaysEncrypts = false
  /// How sums travel where `transport` is `ipc` or `tcp`; `auto` never rounds, whatever it comes to.
  public var gradientWire = WireFormat.float32
  /// How many consecutive ranks' values are added up before the groups' sums are, of which `size` is a multiple; nil adds up
  /// all ranks'.
  public var sumGroup: Int?
  /// Whether the ranks make the folder and the memory themselves, since no launcher of ours has.
  public var isUnattended = false
  /// The longest wait for a rank that is not there yet; it counts anew as others arrive.
  public var deadline = Duration.seconds(60)
  /// How long a rank waits for its neighbours once they have met.
  public var timeouts = RingGroup.Timeouts()

  /// Whether sums are sent between the ranks for certain.
  public var sendsSums: Bool { transport == .ipc || transport == .tcp }

  /// The order of sums.
  var sumOrder: SumOrder { SumOrder(size: size, group: sumGroup) }

  /// A file in memory that the launcher made and every worker has inherited.
  public struct SharedMemory: Sendable {
    /// Its descriptor, the same file on every rank.
    public var descriptor: Int32
    /// The most bytes it may grow to; nil leaves that to the machine.
    public var limit: Int?

    /// Names an inherited file.
    public init(descriptor: Int32, limit: Int? = nil) {
      self.descriptor = descriptor
      self.limit = limit
    }
  }

  /// A rendezvous over sockets in `directory`, with the usual limits.
  public init(rank: Int, size: Int, run: String, generation: Int, directory: String) {
    self.rank = rank
    self.size = size
    self.run = run
    self.generation = generation
    self.directory = directory
  }
}

extension RingRendezvous {
  /// The rendezvous as the environment of a process tells it, or nil where no launcher has started the process.
  ///
  /// Place and size must be there and fit; what else is missing or unreadable is as for a ring made by hand.
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

  /// The variables that tell a process of this rendezvous.
  public var environment: [String: String] {
    var values: [Variable: String] = [
      .rank: "\(rank)", .size: "\(size)", .run: run, .generation: "\(generation)", .directory: directory,
      .transport: transport.rawValue, .address: address, .silence: "\(timeouts.silence / .seconds(1))",
    ]
    values[.memory] = memory.map { "\($0.descriptor)" }
    values[.memoryLimit] = memory?.limit.map { "\($0)" }
    return Dictionary(uniqueKeysWithValues: values.map { ($0.key.rawValue, $0.value) })
  }

  /// The names of all variables that may tell of a rendezvous; those of another one must not be left beside them.
  public static let variables = Set(Variable.allCases.map(\.rawValue))

  /// The variable with a rank's number.
  public static let rankVariable = Variable.rank.rawValue
  /// The variable with the number of ranks, which other launchers set as well.
  public static let sizeVariable = Variable.size.rawValue
  /// The variable that names the folder in which the ranks meet; without it there is no rendezvous.
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
    /// Its name.
    public let name: String
    /// What it holds; empty where it is missing.
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
  /// Meets the others: a ring, or a group of one where nobody else is to come.
  public func join() throws(CollectiveError) -> any ProcessGroup {
    size == 1 ? SoloGroup() : try RingGroup.connect(self)
  }
}
