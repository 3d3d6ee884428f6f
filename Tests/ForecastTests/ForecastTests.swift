import Forecast
import Testing

@Suite struct ForecastTests {
  /// Networks of a block a second, and hosts that add up in no time.
  private func cluster(hosts: Int, workers: Int, message: Double = 0) -> Cluster {
    Cluster(
      hosts: hosts, workers: workers, bytesPerSecond: 65_536, messageSeconds: message, hostSecondsPerByte: 0)
  }

  private let block = 65_536

  /// Benchmarks/reports/2026-11-29-many-hosts.md: 96 MB at 1 Gbit/s; eight workers of one host take 33.7 ms.
  @Test(arguments: [(2, 4, 0.897), (4, 2, 1.358)])
  func `sums that were measured are forecast within five hundredths`(
    hosts: Int, workers: Int, seconds: Double
  ) {
    let bytes = 96 << 20
    let measured = Cluster(
      hosts: hosts, workers: workers, bytesPerSecond: 1e9 / 8 * 0.956, messageSeconds: 27e-6,
      hostSecondsPerByte: 0.0337 / Double(bytes))
    #expect(abs(measured.sumSeconds(bytes: bytes) / seconds - 1) < 0.05)
  }

  /// The same report: alt_gvt_small at 10 Gbit/s, whose step takes 1,006 ms without communication and 1,046 with it.
  @Test func `a step that was measured is forecast within five hundredths`() {
    let bytes = 96 << 20
    let measured = Cluster(
      hosts: 2, workers: 4, bytesPerSecond: 1e10 / 8 * 0.956, messageSeconds: 27e-6,
      hostSecondsPerByte: 0.0337 / Double(bytes))
    let work = StepWork(
      computeSeconds: 1.006, meanLateness: 0, gradientBytes: bytes, bucketBytes: 25 << 20)
    #expect(abs(StepForecast(work, on: measured).seconds / 1.046 - 1) < 0.05)
  }

  @Test(arguments: [(1, 0.0), (2, 1.0), (3, 2.0), (8, 3.0), (9, 4.0), (1_024, 10.0)])
  func `reports take two messages for each binary digit of the number of hosts, and the bytes of all ranks`(
    hosts: Int, digits: Double
  ) {
    let bytes = Double((hosts - 1) * 2 * 28)
    #expect(
      cluster(hosts: hosts, workers: 2, message: 0.5).reportSeconds() == bytes / 65_536 + digits)
  }

  @Test func `a half of a sum takes what the busiest host sends or receives`() {
    // Each of two hosts owns 4 of 8 blocks: 4 go, 4 come.
    #expect(cluster(hosts: 2, workers: 4).halfSeconds(bytes: 8 * block) == 4)
    // Each of four owns 2: it sends the other 6, and receives its own from 3.
    #expect(cluster(hosts: 4, workers: 2).halfSeconds(bytes: 8 * block) == 6)
    // Messages to the three others.
    #expect(cluster(hosts: 4, workers: 2, message: 0.5).halfSeconds(bytes: 8 * block) == 7.5)
    #expect(cluster(hosts: 1, workers: 8).halfSeconds(bytes: 8 * block) == 0)
    #expect(cluster(hosts: 4, workers: 2).sumSeconds(bytes: 8 * block) == 12)
  }

  @Test func `fewer blocks than ranks are those of a few hosts`() {
    // Host 0 owns both blocks, which 7 others send.
    #expect(cluster(hosts: 8, workers: 2).halfSeconds(bytes: 2 * block) == 14)
    var levels = cluster(hosts: 8, workers: 2)
    levels.group = 2
    // 2 come from the other host of the group; each place is left with one, whose owner hears of it from 3 groups.
    #expect(levels.halfSeconds(bytes: 2 * block) == 2 + 6)
    levels.wireShare = 0.5
    #expect(levels.halfSeconds(bytes: 2 * block) == 4)
  }

  @Test func `a host's own part counts by byte`() {
    var slow = cluster(hosts: 1, workers: 8)
    slow.hostSecondsPerByte = 2.0 / 65_536
    #expect(slow.halfSeconds(bytes: 3 * block) == 3)
  }

  @Test func `buckets are summed while backward goes on`() {
    // Forward takes 4 s and backward 8; four buckets of two blocks are whole after 6, 8, 10 and 12 s, and each takes 1 s.
    let work = StepWork(
      computeSeconds: 12, meanLateness: 0, gradientBytes: 8 * block, bucketBytes: 2 * block)
    let hidden = StepForecast(work, on: cluster(hosts: 2, workers: 1))
    #expect(abs(hidden.sumSeconds - 1) < 1e-9)
    #expect(hidden.weightSeconds == 4)
    #expect(hidden.greatestCost == "weights")
    // Only gradients travel in fewer bytes.
    var halves = cluster(hosts: 2, workers: 1)
    halves.wireShare = 0.5
    let lighter = StepForecast(work, on: halves)
    #expect(abs(lighter.sumSeconds - 0.5) < 1e-9 && lighter.weightSeconds == 4)
    // A link four times as slow: they are done 4 s apart from 6 s on, so at 22 s.
    var link = cluster(hosts: 2, workers: 1)
    link.bytesPerSecond /= 4
    #expect(abs(StepForecast(work, on: link).sumSeconds - 10) < 1e-9)
  }

  @Test func `the slowest of some hosts is late by a harmonic number`() {
    let work = StepWork(computeSeconds: 25, meanLateness: 12, gradientBytes: block, bucketBytes: block)
    var fast = cluster(hosts: 4, workers: 1)
    fast.bytesPerSecond = .infinity
    let step = StepForecast(work, on: fast)
    #expect(abs(step.lateSeconds - 25) < 1e-9)
    #expect(abs(step.efficiency - 0.5) < 1e-9 && step.greatestCost == "slowest host")
    fast.hosts = 1
    #expect(StepForecast(work, on: fast).efficiency == 1)
  }

  @Test func `checkpoints come as often as loses least`() throws {
    // e^(interval + checkpoint) is 2 where they add up to ln 2, and then 2 · (1 - 1/2) is 1.
    let run = FailureForecast(rate: 1, checkpoint: 0.693_147_180_559_945_3 - 0.5, restart: 0)
    #expect(abs(try #require(run.interval) - 0.5) < 1e-9)
    #expect(abs(run.goodput - 0.5) < 1e-9)
    let slow = FailureForecast(
      rate: 1, checkpoint: 0.693_147_180_559_945_3 - 0.5, restart: 0.693_147_180_559_945_3)
    #expect(abs(slow.goodput - 0.25) < 1e-9)
    #expect(FailureForecast(rate: 0, checkpoint: 1, restart: 1).goodput == 1)
  }

  @Test func `a step on 1024 hosts is forecast in less than a millisecond's work`() {
    let work = StepWork(
      computeSeconds: 1, meanLateness: 0.01, gradientBytes: 100 << 20, bucketBytes: 25 << 20)
    let step = StepForecast(work, on: cluster(hosts: 1024, workers: 8))
    #expect(step.seconds > step.computeSeconds && step.efficiency < 1)
  }
}
