import Collective
import Datasets
import Flags
import Recipe
import System
import SystemPackage
import Training
import WorkerLink

/// The damaged images that `--skip-damaged` has replaced in a run, equal on all ranks.
final class SkippedImages {
  /// The most damaged images per epoch; nil if none may be skipped.
  private let limit: Int?
  private let dataPath: String
  private let rank: Rank
  /// The images skipped in the epoch so far.
  private var images: Set<Int> = []
  // Each image is reported once, however many epochs meet it.
  private var named: Set<Int> = []

  /// Starts without any; a limit of nil or 0 allows none.
  init(limit: Int?, of dataPath: String, _ rank: Rank) {
    (self.dataPath, self.rank) = (dataPath, rank)
    self.limit = limit.flatMap { $0 > 0 ? $0 : nil }
  }

  /// How many consecutive images a sample may skip: one more than the limit, so that the run ends here and
  /// nowhere else.
  var mostInARow: Int { limit.map { $0 + 1 } ?? 0 }

  /// Begins or continues an epoch.
  func begin(_ place: PartialEpoch) { images = Set(place.skipped ?? []) }

  /// The images skipped in the epoch so far, in order; nil if none may be skipped.
  var ofEpoch: [Int]? { limit.map { _ in images.sorted() } }

  /// Adds all ranks' damaged images of the last step; every rank calls it after the same steps.
  ///
  /// - Returns: The failure that ends the run, alike on all ranks, if the epoch exceeds the limit.
  func add(_ own: [Damage]) throws -> SharedFailure? {
    rank.phases.enter(.communicate)
    defer { rank.phases.enter(.data) }
    let all = try rank.group.allGather(own.flatMap { Array("\($0.image) \($0.error)\n".utf8) })
    var last = ""
    for (image, words) in Self.read(all) where images.insert(image).inserted {
      last = words
      // The image that exceeds the limit is named by the error.
      if let limit, images.count <= limit, rank.isFirst, named.insert(image).inserted {
        Console.warn("warning: skipped, as image \(images.count) of \(limit) in this epoch: \(words)")
      }
    }
    guard let limit, images.count > limit, !last.isEmpty else { return nil }
    return SharedFailure(ofAll: excess(limit, last))
  }

  // In the order of their numbers, whichever rank met them.
  private static func read(_ all: [[UInt8]]) -> [(image: Int, words: String)] {
    all.flatMap { String(decoding: $0, as: UTF8.self).split(separator: "\n") }
      .compactMap { line in
        let parts = line.split(separator: " ", maxSplits: 1)
        return Int(parts.first ?? "").map { ($0, String(parts.last ?? "")) }
      }
      .sorted { $0.image < $1.image }
  }

  private func excess(_ limit: Int, _ last: String) -> Failure {
    Failure(
      "this epoch has \(counted(images.count, "damaged image")), and --skip-damaged allows \(limit); there may be more. The last: \(last). "
        + "The paths of all: twins-worker dataset scan \(FilePath(dataPath).quoted) --list",
      exitStatus: .badData)
  }
}
