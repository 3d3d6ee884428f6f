import Drawing
import Forecast
import System

/// What costs a run time apart from its steps.
struct SimulatedRun {
  /// Failures per host and second.
  let failuresPerHost: Double
  /// The seconds for which a checkpoint interrupts training.
  let checkpoint: Double
  /// The seconds from a failure until training continues.
  let restart: Double

  func forecast(hosts: Int) -> FailureForecast {
    FailureForecast(rate: failuresPerHost * Double(hosts), checkpoint: checkpoint, restart: restart)
  }
}

/// The output of `simulate`: a line for each number of hosts, what limits scaling first, and the
/// alternatives.
struct SimulationTable {
  private let work: StepWork
  private let cluster: Cluster
  private let run: SimulatedRun
  /// Images per step of one worker.
  private let images: Int

  init(_ work: StepWork, _ cluster: Cluster, _ run: SimulatedRun, images: Int) {
    (self.work, self.cluster, self.run, self.images) = (work, cluster, run, images)
  }

  var text: String {
    let sizes = Array(sequence(first: 1) { $0 * 2 }.prefix { $0 < cluster.hosts }) + [cluster.hosts]
    return
      ([Self.row(Self.columns)] + sizes.map { line("\($0)", work, on: resized($0)) }
      + [
        "", bend(sizes), "", "At \(counted(cluster.hosts, "host")):",
        Self.row(["choice"] + Self.columns.dropFirst()),
      ]
      + choices.map { line($0.name, $0.work, on: $0.cluster) } + ["* is not built"])
      .joined(separator: "\n")
  }

  private static let columns = [
    "hosts", "step ms", "late", "sums", "reports", "weights", "speed", "kept", "save s", "images/s",
  ]

  private static func row(_ cells: some Sequence<String>) -> String {
    cells.enumerated().map { index, cell in
      let padding = String(repeating: " ", count: max(1, (index == 0 ? 30 : 10) - cell.count))
      return index == 0 ? cell + padding : padding + cell
    }.joined()
  }

  private func resized(_ hosts: Int) -> Cluster {
    var resized = cluster
    resized.hosts = hosts
    return resized
  }

  private func line(_ name: String, _ work: StepWork, on cluster: Cluster) -> String {
    let step = StepForecast(work, on: cluster)
    let failures = run.forecast(hosts: cluster.hosts)
    let times = [step.seconds, step.lateSeconds, step.sumSeconds, step.reportSeconds, step.weightSeconds]
    // A larger batch takes proportionally longer.
    let batch =
      Double(images * cluster.workers * cluster.hosts) * work.computeSeconds / self.work.computeSeconds
    return Self.row(
      [name] + times.map { decimal($0 * 1000, 1) } + [
        decimal(step.efficiency, 3), decimal(failures.goodput, 3),
        failures.interval.map { decimal($0, 0) } ?? "-",
        decimal(batch / step.seconds * failures.goodput, 0),
      ])
  }

  /// Says where a tenth of the speed is lost, which is when people begin to look for the cause.
  private func bend(_ sizes: [Int]) -> String {
    for hosts in sizes {
      let step = StepForecast(work, on: resized(hosts))
      guard step.efficiency < 0.9, let cost = step.greatestCost else { continue }
      return
        "It bends at \(counted(hosts, "host")): a step keeps less than nine tenths of its speed, and \(cost) costs most."
    }
    return "It does not bend: a step keeps nine tenths of its speed."
  }

  /// The alternatives that exist today, and those that would have to be built.
  private var choices: [(name: String, work: StepWork, cluster: Cluster)] {
    var (bigger, levels, halves) = (work, cluster, cluster)
    bigger.computeSeconds *= 4
    bigger.meanLateness *= 4
    levels.group = Self.middleDivisor(of: cluster.hosts)
    halves.wireShare = 0.5
    var all = levels
    all.wireShare = 0.5
    return [
      ("as it is", work, cluster), ("batches of four times", bigger, cluster),
      ("--gradient-wire bfloat16", work, halves),
      ("groups of \(counted(levels.group, "host")) *", work, levels),
      ("all three *", bigger, all),
    ]
  }

  /// Returns the largest divisor not above the square root, with which the number of messages is least.
  static func middleDivisor(of hosts: Int) -> Int {
    (1...hosts).last { $0 * $0 <= hosts && hosts.isMultiple(of: $0) } ?? 1
  }
}
