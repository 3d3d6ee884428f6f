import Foundation
import Recipe
import System
import Torch

/// Seconds of each step or evaluated batch, of the slowest rank.
struct StepTimes {
  var together: [Double] = []
  /// The times without communication; empty for one worker.
  var apart: [Double] = []

  /// The number of steps before the first timed one.
  static let warmUps = 2
}

/// What `bench step` and `bench evaluation` print.
struct StepReport: Encodable {
  private let model: String
  /// Images per step of one worker.
  private let batchSize: Int
  private let amp: String
  /// Such as `cpu` or `cuda:0`.
  private let device: String
  private let threads: Int
  private let workers: Int
  private let steps: Int
  /// Images per second of all workers, from the median step.
  private let imagesPerSecond: Double
  /// The same from the fastest step.
  private let best: Double
  /// The same without communication; nil for one worker.
  private let imagesPerSecondApart: Double?
  /// The ratio of the speeds with and without communication; nil for one worker.
  private let efficiency: Double?
  private let peakMegabytes: Double

  init(_ times: StepTimes, _ recipe: Recipe, on device: Device) {
    let images = Double(recipe.data.batchSize * recipe.worldSize)
    let together = times.together.sorted()
    let apart = times.apart.isEmpty ? nil : times.apart.sorted()[times.apart.count / 2]
    let median = together[together.count / 2]
    model = recipe.model.name
    batchSize = recipe.data.batchSize
    amp = recipe.precision.level.rawValue
    self.device = "\(device)"
    threads = Runtime.threads
    workers = recipe.worldSize
    steps = together.count
    imagesPerSecond = images / median
    best = images / together[0]
    imagesPerSecondApart = apart.map { images / $0 }
    efficiency = apart.map { $0 / median }
    peakMegabytes = ProcessMemory.peakMegabytes(on: device)
  }

  /// The report in one line.
  var sentence: String {
    let crowd = workers > 1 ? "\(workers) workers of " : ""
    let place = device == "cpu" ? counted(threads, "thread") : device
    let start =
      "\(model) batch \(batchSize) \(amp) on \(crowd)\(place): \(fixed(imagesPerSecond, 2)) images/s "
      + "(median of \(counted(steps, "step")), best \(fixed(best, 2))), peak \(fixed(peakMegabytes, 0)) MB"
    guard let imagesPerSecondApart, let efficiency else { return start }
    return start
      + "; \(fixed(imagesPerSecondApart, 2)) images/s without communication, ratio \(fixed(efficiency, 3))"
  }
}
