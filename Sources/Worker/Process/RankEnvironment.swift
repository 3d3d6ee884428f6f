import Collective
import Recipe
import System
import WorkerLink

/// This process's place among the workers, from torchrun's environment variables and this project's.
struct RankEnvironment {
  /// How this host's workers meet; nil for a single worker.
  var rendezvous: RingRendezvous?
  /// How they reach other hosts' workers, if there are several hosts.
  var hosts: HostLink?
  let localRank: Int
  /// The number of workers on this host.
  let localWorldSize: Int
  /// A descriptor that reads end-of-file when the launcher has ended.
  let lifeline: Int32?
  /// The file in which the launcher stores this process's output.
  var log: String?
  /// Threads per operation if a quota allows fewer than the maths library would use.
  var threads: Int?

  /// torchrun's variables, if torchrun rather than this project's launcher started the process.
  private(set) var torchrun: TorchrunPlace?

  /// The number of workers for which a check of a start stands.
  fileprivate(set) var rehearsed = 1

  /// A single worker without a launcher.
  static let alone = RankEnvironment(rendezvous: nil, localRank: 0, localWorldSize: 1, lifeline: nil)

  var rank: Int { rendezvous.map { $0.firstRank + $0.rank } ?? 0 }
  var worldSize: Int { rendezvous.map { $0.size * (hosts?.hosts ?? 1) } ?? rehearsed }

  /// The number of hosts, each with equally many workers.
  var hostCount: Int { worldSize / localWorldSize }

  /// Whether no earlier attempt of this launch has failed.
  var isFirstAttempt: Bool { (rendezvous?.generation ?? 0) == 0 }

  /// Whether this worker speaks for all.
  var isFirst: Bool { rank == 0 }

  /// Whether it manages the output folder, since no launcher does; with several hosts, only on the first.
  var hasFolder: Bool {
    (rendezvous == nil || torchrun != nil) && isFirst && (hosts?.host ?? 0) == 0
  }

  /// Whether gradients are sent to other workers, at least to those of other hosts, rather than summed in shared memory.
  var sendsSums: Bool { hostCount > 1 || rendezvous?.sendsSums ?? false }

  /// Connects to the place where several hosts' workers meet; nil if there is one host.
  func entrance() throws(CollectiveError) -> HostsEntrance? {
    guard let hosts, let rendezvous else { return nil }
    let link = try torchrun?.located(hosts) ?? hosts
    return try sayingWhom { () throws(CollectiveError) in try HostsEntrance(link, of: rendezvous) }
  }

  /// Waits for others, and prints for whom if that takes long and nobody else would.
  func sayingWhom<Result, Failure: Error>(_ wait: () throws(Failure) -> Result) throws(Failure) -> Result {
    let notice = torchrun.map(MeetingNotice.init)
    defer { notice?.end() }
    return try wait()
  }

  /// Meets the other workers, if any; those of other hosts through `entrance`.
  ///
  /// - Parameter failureElsewhere: A rank of another host of whose failure the launcher has told; nil if of none.
  func group(
    _ recipe: Recipe, through entrance: HostsEntrance?, failureElsewhere: @escaping () -> Int? = { nil }
  ) throws(CollectiveError) -> any ProcessGroup {
    guard var rendezvous else { return SoloGroup() }
    rendezvous.gradientWire = WireFormat(recipe.precision.gradientWire)
    // With several hosts, each host's workers already are a sum group.
    if entrance == nil { rendezvous.sumGroup = recipe.precision.sumGroup }
    return try sayingWhom { [rendezvous] () throws(CollectiveError) -> any ProcessGroup in
      guard let entrance else { return try rendezvous.join() }
      return try HostsGroup.connect(rendezvous, through: entrance, failureElsewhere: failureElsewhere)
    }
  }
}

extension RankEnvironment {
  /// One process that checks a start for as many workers as the environment says; it uses the last one's
  /// device on this host, which must exist.
  static func rehearsal(_ environment: [String: String]) -> RankEnvironment {
    let all = max(1, environment[RingRendezvous.sizeVariable].flatMap { Int($0) } ?? 1)
    let hosts = try? HostLink(environment: environment)
    let isSpread = hosts != nil || TorchrunPlace.rank(environment) != nil
    let own = isSpread ? environment[TorchrunVariable.localWorldSize.rawValue].flatMap { Int($0) } : nil
    let workers = max(1, own ?? all)
    var placement = RankEnvironment(
      rendezvous: nil, localRank: workers - 1, localWorldSize: workers, lifeline: nil)
    placement.rehearsed = all
    placement.hosts = hosts
    return placement
  }

  /// Reads the placement from the environment, or `alone`.
  ///
  /// torchrun's variables are accepted too. Throws if the environment names several workers but no meeting
  /// place, as under another launcher.
  init(_ environment: [String: String]) throws(RecipeError) {
    do {
      if let rendezvous = try RingRendezvous(environment: environment) {
        try self.init(rendezvous, environment)
        if let hosts = try HostLink(environment: environment) { try spread(over: hosts, rendezvous) }
        return
      }
    } catch {
      throw RecipeError("\(error)", exitStatus: .badConfiguration)
    }
    if let place = try TorchrunPlace(environment) {
      self.init(
        rendezvous: place.rendezvous, hosts: place.link, localRank: place.localRank,
        localWorldSize: place.localWorldSize, lifeline: nil)
      torchrun = place
    } else {
      try Self.checkAlone(environment)
      self = .alone
    }
    threads = Self.threads(environment, usable: Processors.usable, processors: Processors.all)
  }

  private init(_ rendezvous: RingRendezvous, _ environment: [String: String]) throws(RingRendezvous
    .BadVariable)
  {
    let link = LauncherLink(environment: environment)
    self.init(
      rendezvous: rendezvous,
      localRank: try environment.number(TorchrunVariable.localRank.rawValue, below: rendezvous.size),
      localWorldSize: try environment.number(
        TorchrunVariable.localWorldSize.rawValue, orIfMissing: rendezvous.size),
      lifeline: link.lifeline, log: link.log)
  }

  /// Turns `all`, which counts all hosts' workers, into this host's ring.
  private mutating func spread(over hosts: HostLink, _ all: RingRendezvous) throws(RingRendezvous.BadVariable)
  {
    var own = all
    (own.rank, own.size, own.firstRank) = (localRank, localWorldSize, hosts.host * localWorldSize)
    let expected = [
      (RingRendezvous.sizeVariable, all.size, hosts.hosts * localWorldSize),
      (RingRendezvous.rankVariable, all.rank, own.firstRank + localRank),
    ]
    for (name, found, number) in expected where found != number {
      throw RingRendezvous.BadVariable(name: name, value: "\(found)")
    }
    self = RankEnvironment(
      rendezvous: own, hosts: hosts, localRank: localRank, localWorldSize: localWorldSize, lifeline: lifeline,
      log: log)
  }

  /// Nil if the environment sets a number, as under the launcher, or all processors may be used.
  static func threads(_ environment: [String: String], usable: Int, processors: Int) -> Int? {
    let isNamed = ThreadVariable.allCases.contains { environment[$0.rawValue] != nil }
    return isNamed || usable >= processors ? nil : usable
  }

  private static func checkAlone(_ environment: [String: String]) throws(RecipeError) {
    let variable = RingRendezvous.sizeVariable
    guard let size = environment[variable].flatMap({ Int($0) }), size > 1 else { return }
    throw RecipeError(
      "\(variable)=\(size) asks for \(size) workers, but \(RingRendezvous.directoryVariable) does not say where they meet. "
        + "Start them with twins-launch --nproc \(size), or with torchrun --no-python; for a single worker, unset \(variable).",
      exitStatus: .badConfiguration)
  }
}

extension WireFormat {
  fileprivate init(_ type: Recipe.Precision.GradientType) {
    switch type {
    case .float32: self = .float32
    case .bfloat16: self = .bfloat16
    case .float16: self = .float16
    }
  }
}
