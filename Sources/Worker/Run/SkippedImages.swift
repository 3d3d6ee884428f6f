import Collective
import Datasets
import Flags
import Recipe
import System
import SystemPackage
import Training
import WorkerLink

/// The damaged images of a run that `--skip-damaged` has replaced, the same on all ranks.
final class SkippedImages {
  /// The most of them in one epoch; nil where none may be skipped.
  private let limit: Int?
  private let dataPath: String
  private let rank: Rank
  /// Those of the epoch so far.
  private var images: Set<Int> = []
  // Each is named once, however many epochs meet it.
  private var named: Set<Int> = []

  /// None yet, of the images in a folder; nil or 0 allows none.
  init(limit: Int?, of dataPath: String, _ rank: Rank) {
    (self.dataPath, self.rank) = (dataPath, rank)
    self.limit = limit.flatMap { $0 > 0 ? $0 : nil }
  }

  /// How many a sample may pass over: one more than an epoch may have, so that the run ends here and nowhere else.
  var mostInARow: Int { limit.map { $0 + 1 } ?? 0 }

  /// Begins an epoch, or goes on with one.
  func begin(_ place: PartialEpoch) { images = Set(place.skipped ?? []) }

  /// Those of the epoch so far, in order; nil where none may be skipped.
  var ofEpoch: [Int]? { limit.map { _ in images.sorted() } }

  /// Adds what any rank met in the step that was just made; every rank calls it after the same steps.
  ///
  /// - Returns: Why the run ends here, on all ranks alike, where the epoch has more of them than it may.
  func add(_ own: [Damage]) throws -> SharedFailure? {
    rank.phases.enter(.communicate)
    defer { rank.phases.enter(.data) }
    let all = try rank.group.allGather(own.flatMap { Array("\($0.image) \($0.error)\n".utf8) })
    var last = ""
    for (image, words) in Self.read(all) where images.insert(image).inserted {
      last = words
      // One too many is named by the error.
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
