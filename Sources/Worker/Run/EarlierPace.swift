import Foundation
import Recipe
import RunControl
import System
import SystemPackage
import WorkerLink

/// The speed of an earlier run with comparable steps, from which a new run's time can be estimated.
struct EarlierPace: Equatable {
  /// The earlier run's output folder.
  let folder: String
  /// Images per second of all ranks.
  let imagesPerSecond: Double

  /// The most runs examined beside the folder, and the bytes read from the end of each one's log.
  private static let (mostRuns, mostBytes) = (64, 1 << 16)

  init(folder: String, imagesPerSecond: Double) {
    (self.folder, self.imagesPerSecond) = (folder, imagesPerSecond)
  }

  /// The speed of the run in an output folder, or else of the newest comparable one beside it; nil if there
  /// is none.
  init?(of recipe: Recipe, near folder: String) {
    let beside = FilePath(folder).removingLastComponent().string
    let place = beside.isEmpty ? "." : beside
    let others = Folders.names(in: place).map { beside.isEmpty ? $0 : "\(beside)/\($0)" }
      .compactMap { path in lastChange(of: "\(path)/\(RunLayout.steps)").map { (path, $0) } }
      .sorted { ($0.1, $0.0) > ($1.1, $1.0) }.prefix(Self.mostRuns).map(\.0)
    for path in [folder] + others {
      guard let earlier = try? RecipeFile(path: "\(path)/\(RunLayout.recipe)").recipe,
        recipe.makesSteps(like: earlier, of: Self.workers(in: path)),
        let speed = Self.speed(in: "\(path)/\(RunLayout.steps)")
      else { continue }
      self.init(folder: path, imagesPerSecond: speed)
      return
    }
    return nil
  }

  /// The number of ranks of a run, which is in its recipe file but not among the values that other readers
  /// take from it.
  private static func workers(in folder: String) -> Int? {
    struct Ranks: Decodable { let worldSize: Int }
    let bytes = try? RegularFile.contents(of: FilePath("\(folder)/\(RunLayout.recipe)"))
    return bytes.flatMap { try? JSONDecoder().decode(Ranks.self, from: Data($0)).worldSize }
  }

  /// The median over the last lines, since the first lines of a run, and those after a pause, are not
  /// representative.
  private static func speed(in path: String) -> Double? {
    struct Line: Decodable { var images_per_second: Double? }
    guard let file = try? RegularFile(FilePath(path)) else { return nil }
    var bytes = [UInt8](repeating: 0, count: min(mostBytes, file.size))
    let count = pread(file.descriptor, &bytes, bytes.count, off_t(file.size - bytes.count))
    let speeds = bytes.prefix(max(0, count)).split(separator: UInt8(ascii: "\n")).compactMap {
      try? JSONDecoder().decode(Line.self, from: Data($0)).images_per_second
    }.filter { $0 > 0 && $0.isFinite }.sorted()
    return speeds.isEmpty ? nil : speeds[speeds.count / 2]
  }

}

extension Recipe {
  /// Whether a step does the same work as one of another recipe, on equally many ranks.
  fileprivate func makesSteps(like other: Recipe, of ranks: Int?) -> Bool {
    model == other.model && precision == other.precision && data.inputSize == other.data.inputSize
      && data.batchSize == other.data.batchSize && accumulation == other.accumulation && worldSize == ranks
  }
}
