import Collective
import Datasets
import Flags
import Recipe
import System
import Torch

/// One rank of a run, with its group, its device, and its output.
struct Rank {
  let environment: RankEnvironment
  let group: any ProcessGroup
  /// Who sums gradients that lie on cards, as a sentence; nil if none do.
  let sumLine: String?
  let device: Device
  /// Decode threads per loader: as requested, or one for each of this worker's processors, as far as a loader
  /// has images for them.
  let decodeThreads: Int
  /// This worker's share of the processors that its control group allows.
  let processors: Int
  let phases: PhaseReporter
  let console: Console

  var number: Int { environment.rank }
  /// Whether this rank prints and writes for all.
  var isFirst: Bool { environment.isFirst }

  /// Sets up device and threads, then meets the other ranks, those of other hosts through `entrance`.
  init(
    _ environment: RankEnvironment, through entrance: HostsEntrance?, of plan: RunPlan,
    _ phases: PhaseReporter
  ) throws {
    self.environment = environment
    self.phases = phases
    console = Console(speaks: environment.isFirst)
    device = try Device(
      plan.settings.device, library: plan.settings.deviceLibrary,
      isDeterministic: plan.settings.deterministic, for: environment)
    phases.compute(on: device)
    Runtime.keepMemory()
    if let threads = plan.settings.threads ?? environment.threads { Runtime.threads = threads }
    processors = max(1, Processors.usable / environment.localWorldSize)
    let batch = max(plan.recipe.rankImages, plan.recipe.evaluationBatch)
    decodeThreads = plan.settings.numWorkers ?? BatchLoader.threads(on: processors, batchSize: batch)
    let threads = Self.threads(decode: decodeThreads, compute: Runtime.threads)
    try requireRoom(threads: threads + (environment.hosts == nil ? 0 : Self.threadsOfEngine))
    let ranks = try environment.group(plan.recipe, through: entrance) { phases.failureElsewhere }
    // Only training sums on cards.
    let summing = plan.settings.trains ? try SummingRanks(ranks, on: device, by: plan.settings.sumBy) : nil
    group = summing?.group ?? ranks
    sumLine = ranks.size > 1 ? summing?.line : nil
  }

  /// Threads besides the first: two loaders', those of an operation and of a loop over blocks, and eight for
  /// watching the launcher, exchanges, checkpoints and ZeroMQ.
  private static func threads(decode: Int, compute: Int) -> Int { 8 + 2 * decode + 2 * (compute - 1) }

  /// Two of Gloo's, and the store's.
  private static let threadsOfEngine = 3
}
