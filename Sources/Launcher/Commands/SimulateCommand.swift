import ArgumentParser
import Drawing
import Flags
import Forecast
import FoundationEssentials
import Recipe
import RunControl
import System

/// `simulate`: forecasts the step time on more hosts than are available.
struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Forecast a step on many hosts from what one has measured.",
    usage: """
      twins-launch simulate --nodes N --nproc N --link RATE
        --sum FILE --step FILE [flags]
      """,
    discussion: """
      Both files are measured on one host, with as many workers as each host is to have:
        twins-launch bench all-reduce --nproc 8 --json > sum.json
        twins-launch bench step --nproc 8 --model alt_gvt_small --json > step.json
        twins-launch simulate --nodes 1024 --nproc 8 --link 100Gbit --sum sum.json --step step.json
      docs/many-hosts.md says what is in the model, and what is not.
      """)

  @Option(help: ArgumentHelp("Hosts, up to which the table goes.", valueName: "n"))
  var nodes: Int

  @Option(help: ArgumentHelp("Workers of each host.", valueName: "n"))
  var nproc: Int

  @Option(
    help: ArgumentHelp("What a host's network carries each way, as 10Gbit or 800Mbit.", valueName: "rate"),
    transform: LinkRate.init(parsing:))
  var link: LinkRate

  @Option(
    help: ArgumentHelp("What `bench all-reduce --json` printed.", valueName: "file"),
    transform: withHomeFolder)
  var sum: String

  @Option(
    help: ArgumentHelp("What `bench step --json` printed.", valueName: "file"), transform: withHomeFolder)
  var step: String

  @Option(help: ArgumentHelp("Size of the gradients, in MB of 2²⁰ bytes.", valueName: "n"))
  var megabytes = 96

  @Option(help: ArgumentHelp("What a message costs beside its bytes.", valueName: "microseconds"))
  var messageTime = 27.0

  @Option(help: ArgumentHelp("By how much of a step a host is late, on average.", valueName: "part"))
  var lateness = 0.01

  @Option(help: ArgumentHelp("Failures of a host in a year.", valueName: "n"))
  var failures = 1.0

  @Option(help: ArgumentHelp("For how long a checkpoint holds training up.", valueName: "seconds"))
  var checkpointTime = 1.0

  @Option(help: ArgumentHelp("From a failure until training goes on.", valueName: "seconds"))
  var restartTime = 60.0

  func validate() throws {
    for (name, value, range) in [
      ("nodes", Double(nodes), 1...4096), ("nproc", Double(nproc), 1...Double(WorkerCount.limit)),
      ("megabytes", Double(megabytes), 1...65_536), ("message-time", messageTime, 0...1e6),
      ("lateness", lateness, 0...1), ("failures", failures, 0...1e6),
      ("checkpoint-time", checkpointTime, 0...1e6), ("restart-time", restartTime, 0...1e6),
    ] where !range.contains(value) {
      throw ValidationError(
        "--\(name) has to lie between \(decimal(range.lowerBound, 0)) and \(decimal(range.upperBound, 0)).")
    }
  }

  func run() throws {
    do {
      let sums: MeasuredSum = try measured(sum, by: "bench all-reduce")
      let steps: MeasuredStep = try measured(step, by: "bench step")
      try require(
        sums.hosts == 1, sum,
        "was measured on \(counted(sums.hosts, "host")), and the host's own part is asked for")
      try require(
        sums.ranks == nproc, sum,
        "was measured with \(counted(sums.ranks, "worker")), and --nproc is \(nproc)")
      try require(
        steps.workers == nproc, step,
        "was measured with \(counted(steps.workers, "worker")), and --nproc is \(nproc)")
      print(table(sums, steps))
    } catch {
      throw refusal(error)
    }
  }

  private func table(_ sums: MeasuredSum, _ steps: MeasuredStep) -> String {
    let work = StepWork(
      computeSeconds: steps.secondsAlone, meanLateness: lateness * steps.secondsAlone,
      gradientBytes: megabytes << 20, bucketBytes: RunFlags.standardBucketMegabytes << 20)
    let cluster = Cluster(
      hosts: nodes, workers: nproc, bytesPerSecond: link.payloadBytesPerSecond,
      messageSeconds: messageTime * 1e-6,
      hostSecondsPerByte: sums.medianMilliseconds * 1e-3 / Double(sums.megabytes << 20))
    let run = SimulatedRun(
      failuresPerHost: failures / (365 * 86_400), checkpoint: checkpointTime, restart: restartTime)
    return SimulationTable(work, cluster, run, images: steps.batchSize).text
  }

  private func measured<Value: Measurement>(_ path: String, by command: String) throws(LaunchError) -> Value {
    guard let text = FileManager.default.contents(atPath: path) else {
      throw LaunchError(
        "\(path) cannot be read: make it by twins-launch \(command) --nproc \(nproc) --json > \(path)",
        exitStatus: .missingInput)
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let value = try? decoder.decode(Value.self, from: text), value.isPossible else {
      throw LaunchError(
        "\(path) is not what twins-launch \(command) --nproc \(nproc) --json prints: make it by that.",
        exitStatus: .badData)
    }
    return value
  }

  private func require(_ fits: Bool, _ path: String, _ reason: String) throws(LaunchError) {
    guard !fits else { return }
    throw LaunchError("\(path) \(reason): measure it anew with --nproc \(nproc).", exitStatus: .usage)
  }
}

/// The part of a benchmark's JSON output that a forecast uses.
private protocol Measurement: Decodable {
  /// Whether all values lie in a range that could have been measured.
  var isPossible: Bool { get }
}

/// Whether a count, time or rate is plausible.
private func isPossible(_ value: Double) -> Bool { (1e-9...1e9).contains(value) }

/// The values used from `bench all-reduce`.
private struct MeasuredSum: Measurement {
  let ranks: Int
  let hosts: Int
  let megabytes: Int
  let medianMilliseconds: Double

  var isPossible: Bool {
    [Double(ranks), Double(hosts), Double(megabytes), medianMilliseconds].allSatisfy {
      Launcher.isPossible($0)
    }
  }
}

/// The values used from `bench step`.
private struct MeasuredStep: Measurement {
  let workers: Int
  let batchSize: Int
  let imagesPerSecond: Double
  /// Nil for one worker.
  let imagesPerSecondApart: Double?

  var isPossible: Bool {
    [Double(workers), Double(batchSize), imagesPerSecond, imagesPerSecondApart ?? imagesPerSecond].allSatisfy
    {
      Launcher.isPossible($0)
    }
  }

  /// The seconds of a worker's step without communication, while the other workers of its host compute too.
  var secondsAlone: Double { Double(batchSize * workers) / (imagesPerSecondApart ?? imagesPerSecond) }
}

/// The value of `--link`.
struct LinkRate: Equatable, Sendable {
  let bitsPerSecond: Double

  /// The payload's share of packets of 1,500 bytes, after TCP/IP and Ethernet headers.
  private static let payloadShare = 0.956

  var payloadBytesPerSecond: Double { bitsPerSecond / 8 * Self.payloadShare }

  init(parsing text: String) throws {
    let text = text.lowercased()
    let unit = [("gbit", 1e9), ("mbit", 1e6)].first { text.hasSuffix($0.0) }
    let rate = unit.flatMap { unit in Double(text.dropLast(unit.0.count)).map { $0 * unit.1 } }
    guard let rate, (1e6...1e15).contains(rate) else {
      throw ValidationError(
        "It has to be a number with Gbit or Mbit behind it, as in 100Gbit, and at least 1Mbit.")
    }
    bitsPerSecond = rate
  }
}
