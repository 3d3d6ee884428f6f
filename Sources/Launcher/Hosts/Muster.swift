import Drawing
import Recipe
import System

/// Decides which hosts take part in an attempt that may run with fewer than all. Pure: the caller says which
/// are here.
struct Muster: Sendable {
  private let hosts: Int
  private let workers: Int
  private let least: Int
  /// The recipe of a run on all hosts; nil where there is no update to divide.
  private let recipe: Recipe?
  /// Hosts that did not come in time, and are not waited for until they do.
  private var givenUp: Set<Int> = []
  /// The places of the present or last attempt; all hosts before the first.
  private(set) var places: HostPlaces

  init(_ plan: HostPlan, workers: Int, dividing recipe: Recipe?) {
    (hosts, least) = (plan.hosts, plan.least)
    (self.workers, self.recipe) = (workers, recipe)
    places = HostPlaces(all: plan.hosts, workers: workers)
  }

  /// Whether the run continues without some hosts.
  var isElastic: Bool { least < hosts }

  /// Returns the missing hosts that are waited for.
  func awaited(of missing: [Int]) -> [Int] { missing.filter { !givenUp.contains($0) } }

  /// Records that a host is here again.
  mutating func welcome(_ host: Int) { givenUp.remove(host) }

  /// Stops waiting for these hosts.
  mutating func giveUp(_ missing: [Int]) { if isElastic { givenUp.formUnion(missing) } }

  /// Gives places to the present hosts, to as many as can divide an update; false where they are too few.
  mutating func settle(_ present: [Int]) -> Bool {
    guard let places = HostPlaces(present, of: hosts, workers: workers, least: least, dividing: recipe) else {
      return false
    }
    self.places = places
    return true
  }
}

extension Muster {
  /// Describes the change from other places to these; nil where nothing changes.
  func change(from earlier: HostPlaces, _ present: [Int]) -> String? {
    guard places != earlier else { return nil }
    guard places.hosts.count < hosts else { return "all \(hosts) hosts take part again" }
    let start = "going on with \(HostPlaces.names(of: places.hosts)) of \(hosts)"
    guard let recipe, let division = places.division else { return start }
    let batches = division.accumulation == 1 ? "" : "\(division.accumulation) batches of "
    let idle = present.filter { places.place(of: $0) == nil }
    return
      "\(start): each worker takes \(batches)\(division.batchSize) "
      + "images, so an update has the same \(recipe.imagesPerUpdate)"
      + (idle.isEmpty
        ? ""
        : "; \(HostPlaces.names(of: idle)) would not divide them evenly, and wait\(idle.count == 1 ? "s" : "")")
  }

  /// Says that too few hosts are left to continue.
  var shortage: String { isElastic ? "; \(counted(least, "host")) at least have to be there to go on" : "" }
}
