import Recipe

/// The hosts that take part in an attempt, in the order of their ranks. Pure.
struct HostPlaces: Codable, Equatable, Sendable {
  /// The hosts' numbers by place; host 0 has the first place.
  let hosts: [Int]
  /// The number of workers on each host.
  let workers: Int
  /// How they divide an update, where that differs from the recipe.
  let division: Recipe.Division?

  init(_ hosts: [Int], workers: Int, division: Recipe.Division? = nil) {
    (self.hosts, self.workers, self.division) = (hosts, workers, division)
  }

  /// The places of all hosts of a run.
  init(all hosts: Int, workers: Int) { self.init(Array(0..<hosts), workers: workers) }

  /// The number of ranks on all hosts.
  var ranks: Int { hosts.count * workers }

  /// The place of a host; nil where it takes no part.
  func place(of host: Int) -> Int? { hosts.firstIndex(of: host) }

  /// The ranks of a host; none where it takes no part.
  func ranks(of host: Int) -> Range<Int> {
    place(of: host).map { $0 * workers..<($0 + 1) * workers } ?? 0..<0
  }

  /// The host that has a rank; nil for a number that is no rank's.
  func host(of rank: Int) -> Int? { (0..<ranks).contains(rank) ? hosts[rank / workers] : nil }
}

extension HostPlaces {
  /// Gives places to as many of the present hosts as can divide an update evenly; nil where these are fewer
  /// than `least`.
  ///
  /// - Parameters:
  ///    - present: The numbers of the present hosts, in order.
  ///    - all: The number of hosts that were asked for.
  ///    - recipe: The recipe of a run on all hosts; nil where there is no update to divide.
  init?(_ present: [Int], of all: Int, workers: Int, least: Int, dividing recipe: Recipe?) {
    for count in stride(from: present.count, through: max(1, least), by: -1) {
      let division = recipe?.division(among: count * workers)
      guard recipe == nil || division != nil else { continue }
      self.init(Array(present.prefix(count)), workers: workers, division: count == all ? nil : division)
      return
    }
    return nil
  }

  /// The hosts of some numbers, in their order, for people: `hosts 1, 2, 5 to 9`; of very scattered ones the first, and how many there are.
  static func names(of hosts: [Int]) -> String {
    let runs = hosts.reduce(into: [ClosedRange<Int>]()) { runs, host in
      if let last = runs.last, last.upperBound + 1 == host {
        runs[runs.count - 1] = last.lowerBound...host
      } else {
        runs.append(host...host)
      }
    }
    let parts = runs.flatMap { run in
      run.count < 3 ? run.map(String.init) : ["\(run.lowerBound) to \(run.upperBound)"]
    }
    let named = parts.prefix(mostNamed).joined(separator: ", ")
    return (hosts.count == 1 ? "host " : "hosts ") + named
      + (parts.count > mostNamed ? " and others, \(hosts.count) in all" : "")
  }

  private static let mostNamed = 12
}
