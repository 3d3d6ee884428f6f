import Collective
import Flags
import Glibc
import RunControl
import System
import WorkerLink

/// What the environment tells each worker about its place in the run, in torchrun's variables and our own.
struct WorkerEnvironment: Sendable {
  /// Where the workers meet, as for rank 0.
  var rendezvous: RingRendezvous
  /// A port that was free when the launcher looked, for programs that need MASTER_PORT; our own workers use
  /// `rendezvous`.
  var masterPort: UInt16
  let threads: Threads
  /// Whether workers have a shared board on which they publish their status.
  var hasBoard = false
  /// torchrun's --max-restarts.
  var maxRestarts = 0
  /// The hosts of the run, over all of which ranks are then counted; nil where there is one.
  var hosts: HostLink?
  /// Whether the workers are a user's own program, which knows torchrun's variables but not ours.
  var isForeign = false

  /// The number of workers on all hosts.
  var worldSize: Int { rendezvous.size * (hosts?.hosts ?? 1) }

  /// The number of threads for each worker's parallel loops.
  struct Threads: Equatable, Sendable {
    let count: Int

    /// The number from the user's flag or variable, or else the processors divided among the workers.
    init(named: Int?, environment: [String: String], processors: Int, workers: Int) {
      count = named ?? Self.named(by: environment) ?? max(1, processors / workers)
    }

    /// The same with this machine's processors.
    static func shared(named: Int?, environment: [String: String], workers: Int) -> Threads {
      Threads(named: named, environment: environment, processors: Processors.usable, workers: workers)
    }

    /// torchrun's rule: one each, unless the user gave a number or there is only one worker.
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

  /// The environment of a dry run, which counts the ranks of all hosts but meets none of them.
  func rehearsing(on plan: HostPlan?) -> WorkerEnvironment {
    var placement = self
    placement.hosts = plan.map {
      HostLink(
        hosts: $0.hosts, host: $0.host, address: rendezvous.address, storeAddress: rendezvous.address,
        storePort: masterPort, run: rendezvous.run, generation: 0)
    }
    return placement
  }

  /// Returns the whole environment of the worker of a rank, given the launcher's own.
  func environment(rank: Int, inheriting outer: [String: String]) -> [String: String] {
    outer.filter { !Self.isOwn($0.key) }
      .merging(isForeign ? Self.torchrunDefaults(outer) : links(rank: rank, outer)) { $1 }
      .merging(identity(rank: rank)) { $1 }
      .merging(threadVariables(outer)) { $1 }
  }

  /// The variables that only our own workers know.
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

  /// The defaults that torchrun sets for PyTorch, where the user has set none.
  private static func torchrunDefaults(_ outer: [String: String]) -> [String: String] {
    let name = "TORCH_NCCL_ASYNC_ERROR_HANDLING"
    return [name: outer[name] ?? "1"]
  }

  /// c10d logs a warning for each address without a host name.
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

  /// A worker's rank and sizes in torchrun's variables.
  private func identity(rank: Int) -> [String: String] {
    let values: [TorchrunVariable: String] = [
      .localRank: "\(localRank(of: rank))", .localWorldSize: "\(rendezvous.size)",
      .hostRank: "\(hosts?.host ?? 0)", .hostCount: "\(hosts?.hosts ?? 1)",
      .role: "default", .roleRank: "\(rank)", .roleWorldSize: "\(worldSize)",
      .masterAddress: hosts?.storeAddress ?? "127.0.0.1", .masterPort: "\(masterPort)",
      .run: rendezvous.run, .restarts: "\(rendezvous.generation)", .mostRestarts: "\(maxRestarts)",
      // Rank 0 hosts PyTorch's store there.
      .launcherStore: "False",
    ]
    return Dictionary(uniqueKeysWithValues: values.map { ($0.key.rawValue, $0.value) })
      .merging([RingRendezvous.rankVariable: "\(rank)", RingRendezvous.sizeVariable: "\(worldSize)"]) { $1 }
  }

  private func localRank(of rank: Int) -> Int { rank - rendezvous.size * (hosts?.host ?? 0) }

  /// The worker's place among those of all hosts.
  private func place(rank: Int) -> [String: String] {
    guard var hosts else { return [:] }
    if rank != 0 { hosts.storeSocket = nil }
    return hosts.environment
  }

  /// Sets OMP_NUM_THREADS, and each other thread variable that the user has set, so that any maths library
  /// uses the announced number.
  private func threadVariables(_ outer: [String: String]) -> [String: String] {
    let heeded = ThreadVariable.allCases.filter { $0 == .openMP || outer[$0.rawValue] != nil }
    return Dictionary(uniqueKeysWithValues: heeded.map { ($0.rawValue, "\(threads.count)") })
  }

  /// Whether the launcher sets or reads a variable itself: values left by an outer launcher must not be
  /// inherited.
  private static func isOwn(_ variable: String) -> Bool {
    RingRendezvous.variables.contains(variable) || LauncherLink.variables.contains(variable)
      || HostLink.variables.contains(variable) || SystemdSocket.variables.contains(variable)
      || TorchrunVariable(rawValue: variable) != nil
      || [RunRequest.variable, RendezvousKey.variable].contains(variable)
  }
}

/// Finds a free TCP port.
enum FreePort {
  /// Returns a port that was free on all addresses of this machine a moment ago, as chosen by the kernel.
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
