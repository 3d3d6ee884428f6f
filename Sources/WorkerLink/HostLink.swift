/// What a launcher tells a worker, through its environment, about the run's hosts.
///
/// Without these variables the run has one host. With them `RANK` and `WORLD_SIZE` count over all hosts:
/// every host has equally many workers, and a rank is its host's number times the workers per host, plus its
/// local rank.
public struct HostLink: Equatable, Sendable {
  /// The number of hosts.
  public var hosts: Int
  /// This host's number, from 0 to ``hosts`` - 1.
  public var host: Int
  /// This host's address as reachable by the others, on which its workers listen; numeric.
  public var address: String
  /// The address of host 0, where its first worker keeps the store; numeric.
  public var storeAddress: String
  /// The store's port.
  public var storePort: UInt16
  /// In host 0's first worker, the descriptor of a socket that listens at the store's port; nil in all
  /// others.
  public var storeSocket: Int32?
  /// The run's name, equal on every host.
  public var run: String
  /// How often the run has started its workers, equal on every host.
  public var generation: Int

  /// Makes a link.
  public init(
    hosts: Int, host: Int, address: String, storeAddress: String, storePort: UInt16,
    storeSocket: Int32? = nil,
    run: String, generation: Int
  ) {
    self.hosts = hosts
    self.host = host
    self.address = address
    self.storeAddress = storeAddress
    self.storePort = storePort
    self.storeSocket = storeSocket
    self.run = run
    self.generation = generation
  }

  /// Reads the link from an environment; nil if it describes no hosts.
  ///
  /// Throws if a variable is missing or invalid.
  public init?(environment: [String: String]) throws(BadVariable) {
    guard environment[Variable.hosts.rawValue] != nil else { return nil }
    hosts = try Self.number(.hosts, in: 1...65_535, of: environment)
    host = try Self.number(.host, in: 0...hosts - 1, of: environment)
    address = try Self.text(.address, of: environment)
    storeAddress = try Self.text(.storeAddress, of: environment)
    storePort = UInt16(try Self.number(.storePort, in: 1...65_535, of: environment))
    storeSocket =
      environment[Variable.storeSocket.rawValue] == nil
      ? nil : Int32(try Self.number(.storeSocket, in: 0...Int(Int32.max), of: environment))
    run = try Self.text(.run, of: environment)
    generation = try Self.number(.generation, in: 0...Int(UInt32.max), of: environment)
  }

  /// The environment variables that describe the link to a worker.
  public var environment: [String: String] {
    var values: [Variable: String] = [
      .hosts: "\(hosts)", .host: "\(host)", .address: address, .storeAddress: storeAddress,
      .storePort: "\(storePort)", .run: run, .generation: "\(generation)",
    ]
    values[.storeSocket] = storeSocket.map { "\($0)" }
    return Dictionary(uniqueKeysWithValues: values.map { ($0.key.rawValue, $0.value) })
  }

  /// The names of all these variables; remove another launcher's before adding them.
  public static let variables = Set(Variable.allCases.map(\.rawValue))

  private enum Variable: String, CaseIterable {
    case hosts = "TWINS_HOSTS"
    case host = "TWINS_HOST"
    case address = "TWINS_HOST_ADDRESS"
    case storeAddress = "TWINS_STORE_ADDRESS"
    case storePort = "TWINS_STORE_PORT"
    case storeSocket = "TWINS_STORE_FD"
    case run = "TWINS_HOSTS_RUN"
    case generation = "TWINS_HOSTS_GENERATION"
  }
}

extension HostLink {
  /// An environment variable with an invalid value.
  public struct BadVariable: Error, Equatable, CustomStringConvertible {
    /// The variable's name.
    public let name: String
    /// The variable's value; empty if it is missing.
    public let value: String

    /// What happened, the likely cause and what to do.
    public var description: String {
      "\(name)='\(value)' does not fit: twins-launch sets it for workers of several hosts. "
        + "Start workers with twins-launch, or without \(Variable.hosts.rawValue)."
    }
  }

  private static func number(
    _ variable: Variable, in range: ClosedRange<Int>, of environment: [String: String]
  ) throws(BadVariable) -> Int {
    let text = environment[variable.rawValue] ?? ""
    guard let number = Int(text), range.contains(number) else {
      throw BadVariable(name: variable.rawValue, value: text)
    }
    return number
  }

  private static func text(
    _ variable: Variable, of environment: [String: String]
  ) throws(BadVariable) -> String {
    guard let text = environment[variable.rawValue], !text.isEmpty else {
      throw BadVariable(name: variable.rawValue, value: "")
    }
    return text
  }
}
