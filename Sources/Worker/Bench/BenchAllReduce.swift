import ArgumentParser
import Collective
import Flags
import Foundation
import Recipe
import System
import Torch
import WorkerLink

/// `bench all-reduce`: times the sum of gradients over a launcher's workers, or over one on each of several
/// hosts.
struct BenchAllReduce: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "all-reduce",
    abstract: "Time the sum of gradients over all workers, under twins-launch bench all-reduce.",
    usage: "twins-worker bench all-reduce [--megabytes N] [--device KIND] [flags]")

  @OptionGroup var work: AllReduceFlags

  /// All ranks start at nearly the same time: one that does not come in this time is stuck.
  private static let patience = Duration.seconds(10)

  func run() throws {
    var placement = try RankEnvironment(ProcessInfo.processInfo.environment)
    Lifeline.watch(placement)
    Runtime.keepMemory()
    placement.rendezvous?.deadline = Self.patience
    let device = try Device(work.place, for: placement)
    var recipe = Recipe()
    recipe.precision.gradientWire = work.gradientWire ?? .float32
    let summing = try SummingRanks(
      try placement.group(recipe, through: placement.entrance()), on: device, by: work.sumBy)
    let group = summing.group
    let measurement = try AllReduceMeasurement(
      group, on: device, hostSize: placement.localWorldSize,
      count: work.megabytes << 20 / MemoryLayout<Float>.stride)
    let samples = try measurement.samples(count: work.repeats)
    if placement.isFirst {
      if let line = summing.line { Console.warn("note: \(line)") }
      let report = AllReduceReport(
        samples,
        transport: summing.library.map { "\($0) on \(device.kind) cards" }
          ?? placement.rendezvous?.transport.rawValue, ranks: group.size,
        hosts: placement.hosts?.hosts ?? 1, megabytes: work.megabytes, checksum: measurement.checksum)
      try work.json ? Swift.print(jsonLine(report)) : print(report.text)
    }
    group.close()
  }
}
