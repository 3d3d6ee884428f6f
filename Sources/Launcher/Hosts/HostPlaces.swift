import Recipe

/// Which hosts take part in an attempt, in the order of their ranks: pure.
struct HostPlaces: Codable, Equatable, Sendable {
  /// The numbers of the hosts, by place; host 0 has the first.
  let hosts: [Int]
  /// Workers of each.
  let workers: Int
  /// How they divide an update, where that is not as was asked for.
  let division: Recipe.Division?

  init(_ hosts: [Int], workers: Int, division: Recipe.Division? = nil) {
    (self.hosts, self.workers, self.division) = (hosts, workers, division)
  }

  /// All of a run's.
  init(all hosts: Int, workers: Int) { self.init(Array(0..<hosts), workers: workers) }

  /// The ranks of all.
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
  /// The places of as many as can divide an update evenly, of those that are there; nil where these are fewer than `least`.
  ///
  /// - Parameters:
  ///   - present: In their order.
  ///   - all: How many there were to be.
  ///   - recipe: Of a run with all of them; nil where there is nothing to divide.
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
