extension RingMeeting {
  /// The meeting as the environment of a process tells it, or nil where no launcher has started the process.
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

  /// The variables that tell a process of this meeting.
  public var environment: [String: String] {
    var values: [Variable: String] = [
      .rank: "\(rank)", .size: "\(size)", .run: run, .generation: "\(generation)", .directory: directory,
      .transport: transport.rawValue, .address: address, .silence: "\(timeouts.silence / .seconds(1))",
    ]
    values[.memory] = memory.map { "\($0.descriptor)" }
    values[.memoryLimit] = memory?.limit.map { "\($0)" }
    return Dictionary(uniqueKeysWithValues: values.map { ($0.key.rawValue, $0.value) })
  }

  /// The names of all variables that may tell of a meeting; those of another one must not be left beside them.
  public static let variables = Set(Variable.allCases.map(\.rawValue))

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

extension RingMeeting {
  /// A variable of the environment that does not hold the number it must.
  public struct BadVariable: Error, Equatable, CustomStringConvertible {
    /// Its name.
    public let name: String
    /// What it holds; empty where it is missing.
    public let value: String

    /// What happened, the likely cause and what to do.
    public var description: String {
      "\(name)='\(value)' is not a number that fits: twins-launch sets it. "
        + "Start workers with twins-launch, or one alone without \(Variable.directory.rawValue)."
    }
  }
}

extension RingMeeting.SharedMemory {
  fileprivate init?(_ environment: [String: String]) {
    guard
      let descriptor = try? environment.number(RingMeeting.Variable.memory.rawValue, below: Int(Int32.max))
    else { return nil }
    self.init(
      descriptor: Int32(descriptor), limit: try? environment.number(RingMeeting.Variable.memoryLimit.rawValue)
    )
  }
}

extension [String: String] {
  /// The number from 0 to below `limit` that a variable holds.
  package func number(
    _ name: String, orIfMissing missing: Int? = nil, below limit: Int = .max
  ) throws(RingMeeting.BadVariable) -> Int {
    if self[name] == nil, let missing { return missing }
    guard let value = self[name].flatMap({ Int($0) }), (0..<Swift.max(0, limit)).contains(value) else {
      throw RingMeeting.BadVariable(name: name, value: self[name] ?? "")
    }
    return value
  }
}

extension RingMeeting {
  /// Meets the others: a ring, or a group of one where nobody else is to come.
  public func join() throws(CollectiveError) -> any ProcessGroup {
    size == 1 ? SoloGroup() : try RingGroup.connect(self)
  }
}
