import Collective
import Recipe
import System
import WorkerLink

/// Where this process stands among the workers: torchrun's environment names, and ours.
struct RankEnvironment {
  /// Where and how this host's workers meet; nil for a worker on its own.
  var rendezvous: RingRendezvous?
  /// How they reach those of other hosts, where the run has several.
  var hosts: HostLink?
  let localRank: Int
  /// Workers on this host.
  let localWorldSize: Int
  /// Reads end-of-file when the launcher is gone.
  let lifeline: Int32?
  /// The file in which the launcher keeps what this process prints.
  var log: String?
  /// Threads for one operation where a quota allows fewer than the maths library would take by itself.
  var threads: Int?

  /// What torchrun has told, where that and no launcher of ours has started this process.
  private(set) var torchrun: TorchrunPlace?

  /// Workers that a check of a start stands for.
  fileprivate(set) var rehearsed = 1

  /// The debug mode: one worker, no launcher.
  static let alone = RankEnvironment(rendezvous: nil, localRank: 0, localWorldSize: 1, lifeline: nil)

  var rank: Int { rendezvous.map { $0.firstRank + $0.rank } ?? 0 }
  var worldSize: Int { rendezvous.map { $0.size * (hosts?.hosts ?? 1) } ?? rehearsed }

  /// Hosts that take part, each with as many workers.
  var hostCount: Int { worldSize / localWorldSize }

  /// Whether no earlier attempt of the same launch has failed.
  var isFirstAttempt: Bool { (rendezvous?.generation ?? 0) == 0 }

  /// Whether this worker speaks for all.
  var isFirst: Bool { rank == 0 }

  /// Whether it looks after the run's output folder, as no launcher of ours does: on the first host where the run has several.
  var hasFolder: Bool {
    (rendezvous == nil || torchrun != nil) && isFirst && (hosts?.host ?? 0) == 0
  }

  /// Whether gradients are sent to other workers, rather than summed in memory that all see.
  var sendsSums: Bool { rendezvous?.sendsSums ?? false }

  /// Finds where the workers of several hosts meet; nil where there is one host.
  func entrance() throws(CollectiveError) -> HostsEntrance? {
    guard let hosts, let rendezvous else { return nil }
    let link = try torchrun?.located(hosts) ?? hosts
    return try sayingWhom { () throws(CollectiveError) in try HostsEntrance(link, of: rendezvous) }
  }

  /// Waits for others, and says for whom where that takes long and nobody else would.
  func sayingWhom<Result, Failure: Error>(_ wait: () throws(Failure) -> Result) throws(Failure) -> Result {
    let notice = torchrun.map(MeetingNotice.init)
    defer { notice?.end() }
    return try wait()
  }

  /// Meets the other workers, if there are any; those of other hosts through the entrance.
  ///
  /// - Parameter failureElsewhere: A rank of another host of whose failure the launcher has told; nil where of none.
  func group(
    _ recipe: Recipe, through entrance: HostsEntrance?, failureElsewhere: @escaping () -> Int? = { nil }
  ) throws(CollectiveError) -> any ProcessGroup {
    guard var rendezvous else { return SoloGroup() }
    rendezvous.gradientWire = WireFormat(recipe.precision.gradientWire)
    // A host's workers are a sum group of the run, and all of theirs.
    if entrance == nil { rendezvous.sumGroup = recipe.precision.sumGroup }
    return try sayingWhom { [rendezvous] () throws(CollectiveError) -> any ProcessGroup in
      guard let entrance else { return try rendezvous.join() }
      return try HostsGroup.connect(rendezvous, through: entrance, failureElsewhere: failureElsewhere)
    }
  }
}

extension RankEnvironment {
  /// One process that checks a start for as many workers as an environment says: the last one's device of this host has to
  /// be there.
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

  /// The placement that the launcher put into the environment, or `alone`.
  ///
  /// Torchrun's will do as well. Throws when the environment names several workers but not where they meet, as under another
  /// launcher.
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

  /// Makes this the placement of a worker whose ring has this host's workers alone, while `all` counts those of all hosts.
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

  /// Nil where the environment names a number, as it does under the launcher, or all processors may be used.
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
