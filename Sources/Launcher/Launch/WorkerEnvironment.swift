import Collective
import Flags
import Glibc
import RunControl
import System
import WorkerLink

/// Where each worker of a run stands, told to it through its environment as torchrun tells it.
struct WorkerEnvironment: Sendable {
  /// Where the workers meet, as rank 0 sees it.
  var rendezvous: RingRendezvous
  /// Free when the launcher looked, for programs that expect one; our own workers have their rendezvous.
  var masterPort: UInt16
  let threads: Threads
  /// Whether workers have a board to say on what they do.
  var hasBoard = false
  /// What torchrun calls its --max-restarts.
  var maxRestarts = 0
  /// The hosts of the run, which then counts ranks over all of them; nil where there is one.
  var hosts: HostLink?
  /// Whether the workers are a program of the user's, which knows torchrun's variables and none of ours.
  var isForeign = false

  /// Of every worker on all hosts.
  var worldSize: Int { rendezvous.size * (hosts?.hosts ?? 1) }

  /// How many threads each worker's parallel loops use.
  struct Threads: Equatable, Sendable {
    let count: Int

    /// The number that the user named by a flag, or by a variable, or else the processors shared out over the workers.
    init(named: Int?, environment: [String: String], processors: Int, workers: Int) {
      count = named ?? Self.named(by: environment) ?? max(1, processors / workers)
    }

    /// This machine's processors, shared out unless the user named a number.
    static func shared(named: Int?, environment: [String: String], workers: Int) -> Threads {
      Threads(named: named, environment: environment, processors: Processors.usable, workers: workers)
    }

    /// As torchrun has it: one each, unless the user named a number or there is but one worker.
    static func asTorchrun(named: Int?, environment: [String: String], workers: Int) -> Threads {
      Threads(
        named: named, environment: environment, processors: workers > 1 ? workers : Processors.usable,
        workers: workers)
    }

    private static func named(by environment: [String: String]) -> Int? {
      ThreadVariable.allCases.lazy.compactMap { environment[$0.rawValue].flatMap { Int($0) } }
        .first { $0 > 0 }
    }
  }

  /// That of a worker that counts all of those hosts' and meets none of them.
  func rehearsing(on plan: HostPlan?) -> WorkerEnvironment {
    var placement = self
    placement.hosts = plan.map {
      HostLink(
        hosts: $0.hosts, host: $0.host, address: rendezvous.address, storeAddress: rendezvous.address,
        storePort: masterPort, run: rendezvous.run, generation: 0)
    }
    return placement
  }

  /// The whole environment of one worker, by its rank in the run, given the launcher's own.
  func environment(rank: Int, inheriting outer: [String: String]) -> [String: String] {
    outer.filter { !Self.isOwn($0.key) }
      .merging(isForeign ? Self.torchrunDefaults(outer) : links(rank: rank, outer)) { $1 }
      .merging(identity(rank: rank)) { $1 }
      .merging(threadVariables(outer)) { $1 }
  }

  /// What our own workers know beside torchrun's variables.
  private func links(rank: Int, _ outer: [String: String]) -> [String: String] {
    let wished = outer.filter {
      WaitPolicy.variables.keys.contains($0.key) || Self.quiet.keys.contains($0.key)
    }
    return rendezvous(rank: localRank(of: rank)).environment
      .merging(place(rank: rank)) { $1 }
      .merging(link.environment) { $1 }
      .merging(WaitPolicy.variables) { $1 }
      .merging(hosts == nil ? [:] : Self.quiet) { $1 }
      .merging(wished) { $1 }
  }

  /// What torchrun sets for PyTorch where the user has not.
  private static func torchrunDefaults(_ outer: [String: String]) -> [String: String] {
    let name = "TORCH_NCCL_ASYNC_ERROR_HANDLING"
    return [name: outer[name] ?? "1"]
  }

  /// C10d warns of each address that has no name.
  private static let quiet = ["TORCH_CPP_LOG_LEVEL": "ERROR"]

  private var link: LauncherLink {
    LauncherLink(
      lifeline: WorkerProcess.lifelineDescriptor, board: hasBoard ? WorkerProcess.boardDescriptor : nil)
  }

  private func rendezvous(rank: Int) -> RingRendezvous {
    var rendezvous = rendezvous
    rendezvous.rank = rank
    return rendezvous
  }

  /// Where a worker stands, in torchrun's words.
  private func identity(rank: Int) -> [String: String] {
    let values: [TorchrunVariable: String] = [
      .localRank: "\(localRank(of: rank))", .localWorldSize: "\(rendezvous.size)",
      .hostRank: "\(hosts?.host ?? 0)", .hostCount: "\(hosts?.hosts ?? 1)",
      .role: "default", .roleRank: "\(rank)", .roleWorldSize: "\(worldSize)",
      .masterAddress: hosts?.storeAddress ?? "127.0.0.1", .masterPort: "\(masterPort)",
      .run: rendezvous.run, .restarts: "\(rendezvous.generation)", .mostRestarts: "\(maxRestarts)",
      // Rank 0 keeps PyTorch's store there.
      .launcherStore: "False",
    ]
    return Dictionary(uniqueKeysWithValues: values.map { ($0.key.rawValue, $0.value) })
      .merging([RingRendezvous.rankVariable: "\(rank)", RingRendezvous.sizeVariable: "\(worldSize)"]) { $1 }
  }

  private func localRank(of rank: Int) -> Int { rank - rendezvous.size * (hosts?.host ?? 0) }

  /// Among the workers of all hosts, where there are several.
  private func place(rank: Int) -> [String: String] {
    guard var hosts else { return [:] }
    if rank != 0 { hosts.storeSocket = nil }
    return hosts.environment
  }

  /// What was announced is what runs, whichever variable the maths library heeds.
  private func threadVariables(_ outer: [String: String]) -> [String: String] {
    let heeded = ThreadVariable.allCases.filter { $0 == .openMP || outer[$0.rawValue] != nil }
    return Dictionary(uniqueKeysWithValues: heeded.map { ($0.rawValue, "\(threads.count)") })
  }

  /// Variables that the launcher sets, or that speak to it: those of another one must not be left.
  private static func isOwn(_ variable: String) -> Bool {
    RingRendezvous.variables.contains(variable) || LauncherLink.variables.contains(variable)
      || HostLink.variables.contains(variable) || SystemdSocket.variables.contains(variable)
      || TorchrunVariable(rawValue: variable) != nil
      || [RunRequest.variable, RendezvousKey.variable].contains(variable)
  }
}

/// Finds a TCP port that nobody uses.
enum FreePort {
  /// A port that was free at all addresses of this machine a moment ago; the kernel picks it.
  static func find() throws(LaunchError) -> UInt16 {
    let socket = try Descriptor(
      Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0), from: "socket")
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = INADDR_ANY
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let failed = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket.number, $0, length) != 0 || getsockname(socket.number, $0, &length) != 0
      }
    }
    guard !failed else { throw LaunchError(call: "bind 0.0.0.0", errno: errno) }
    return UInt16(bigEndian: address.sin_port)
  }
}
