import Collective
import Datasets
import Foundation
import Recipe
import Training

/// Thumbnails of an evaluation's most confident mistakes, as the network saw them.
struct MistakeThumbnails {
  /// The most thumbnails, and their side in pixels.
  static let (most, side) = (48, 128)

  private let images: [Int]
  private let share: HostShare?
  private let thumbnails: Thumbnails

  /// Takes the mistakes of an evaluation.
  init(_ report: EvaluationReport) {
    images = report.examination.mistakes.prefix(Self.most).map(\.image)
    share = report.folder.share
    thumbnails = Thumbnails(of: report.folder, report.images.preprocessing, side: Self.side)
  }

  /// Thumbnails by image number, of all images that the first rank can read; where each host has its own
  /// images, of all that any rank can read.
  ///
  /// All ranks call it together. Images whose files no longer exist are left out.
  func gathered(by rank: Rank) throws -> [Int: String] {
    guard let share else { return rank.isFirst ? drawn(images) : [:] }
    let own = rank.environment.localRank == 0 ? drawn(images.filter(share.has)) : [:]
    return try rank.group.allGather(Array(try JSONEncoder().encode(own)))
      .reduce(into: [:]) { all, bytes in
        all.merge(try JSONDecoder().decode([Int: String].self, from: Data(bytes))) { one, _ in one }
      }
  }

  private func drawn(_ images: [Int]) -> [Int: String] {
    images.reduce(into: [:]) { drawn, image in drawn[image] = thumbnails.picture(of: image) }
  }
}
