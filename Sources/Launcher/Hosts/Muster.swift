import Drawing
import Recipe
import System

/// Decides which hosts take part in an attempt, where fewer than all may: pure, told who is here.
struct Muster: Sendable {
  private let hosts: Int
  private let workers: Int
  private let least: Int
  /// Of a run with all hosts; nil where the workers divide nothing.
  private let recipe: Recipe?
  /// Hosts that were waited for once, and are not waited for again until they come.
  private var givenUp: Set<Int> = []
  /// Of the attempt that runs, or ran last; all hosts before the first.
  private(set) var places: HostPlaces

  init(_ plan: HostPlan, workers: Int, dividing recipe: Recipe?) {
    (hosts, least) = (plan.hosts, plan.least)
    (self.workers, self.recipe) = (workers, recipe)
    places = HostPlaces(all: plan.hosts, workers: workers)
  }

  /// Whether some may be missing.
  var isElastic: Bool { least < hosts }

  /// Those of the missing hosts that are waited for.
  func awaited(of missing: [Int]) -> [Int] { missing.filter { !givenUp.contains($0) } }

  /// A host is here again.
  mutating func welcome(_ host: Int) { givenUp.remove(host) }

  /// Waits for these no longer.
  mutating func giveUp(_ missing: [Int]) { if isElastic { givenUp.formUnion(missing) } }

  /// Gives places to the hosts that are here, as many as can divide an update; false where they are too few.
  mutating func settle(_ present: [Int]) -> Bool {
    guard let places = HostPlaces(present, of: hosts, workers: workers, least: least, dividing: recipe) else {
      return false
    }
    self.places = places
    return true
  }
}

extension Muster {
  /// What changes from other places to these, as a sentence; nil where nothing does.
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

  /// Why so few cannot go on.
  var shortage: String { isElastic ? "; \(counted(least, "host")) at least have to be there to go on" : "" }
}
