import Datasets
import System

/// The results of `bench data`.
struct DataReport: Encodable {
  let images: Int
  let imagesPerSecond: Double
  let cpuMillisecondsPerImage: Double
  let threads: Int
  /// Milliseconds per image by stage, if requested.
  private(set) var stages: [String: Double]?
  /// Milliseconds to decode all pixels of an image, if it was timed.
  private(set) var wholeDecode: Double?

  init(images: Int, imagesPerSecond: Double, cpuMillisecondsPerImage: Double, threads: Int) {
    (self.images, self.imagesPerSecond) = (images, imagesPerSecond)
    (self.cpuMillisecondsPerImage, self.threads) = (cpuMillisecondsPerImage, threads)
  }

  /// Adds the times of some stages, and the rest of an image's time.
  mutating func add(_ times: StageTimes, of stages: [StageTimes.Stage], wholeDecode: Double) {
    let each = Dictionary(
      uniqueKeysWithValues: stages.map {
        ($0.rawValue, times.seconds(of: $0) * 1000 / Double(max(1, images)))
      })
    self.stages = each.merging([Self.rest: cpuMillisecondsPerImage - each.values.reduce(0, +)]) { $1 }
    self.wholeDecode = wholeDecode
  }

  private static let rest = "rest"
}

extension DataReport: CustomStringConvertible {
  /// A sentence, and a line for each stage.
  var description: String {
    let sentence =
      "\(fixed(imagesPerSecond, 1)) images/s on \(counted(threads, "thread")), "
      + "\(fixed(cpuMillisecondsPerImage, 2)) CPU-ms an image"
    guard let stages, let wholeDecode else { return sentence }
    let names = StageTimes.Stage.allCases.map(\.rawValue) + [Self.rest]
    let lines = names.compactMap { name in stages[name].map { (name, $0) } }.map { stage, milliseconds in
      let share = fixed(100 * milliseconds / cpuMillisecondsPerImage, 1)
      return
        "\(stage.padded(to: 10))\(fixed(milliseconds, 3).padded(before: 8))  \(share.padded(before: 5)) %"
    }
    let head = "stage".padded(to: 10) + "  CPU-ms    share"
    let note = "The decoder takes \(fixed(wholeDecode, 3)) ms for all pixels of an image."
    return ([sentence, head] + lines + [note]).joined(separator: "\n")
  }
}
