import Collective
import Datasets
import Foundation
import Randomness
import Recipe
import Training

/// What the network saw of an evaluation's most confident mistakes, smaller.
struct MistakeThumbnails {
  /// So many are drawn, of so many pixels a side.
  static let (most, side) = (48, 128)

  private let folder: ImageFolder
  private let images: [Int]
  private let transform: EvaluationTransform

  /// Of the mistakes of an evaluation.
  init(_ report: EvaluationReport) {
    folder = report.folder
    images = report.examination.mistakes.prefix(Self.most).map(\.image)
    var preprocessing = report.images.preprocessing
    preprocessing.inputSize = Self.side
    transform = EvaluationTransform(preprocessing)
  }

  /// PNG by the image's number, of all that the first rank can read; where each host has its own images, of those that any can.
  ///
  /// All ranks call it together. Of an image whose file has gone since there is nothing.
  func gathered(by rank: Rank) throws -> [Int: Data] {
    guard let share = folder.share else { return rank.isFirst ? drawn(images) : [:] }
    let own = rank.environment.localRank == 0 ? drawn(images.filter(share.has)) : [:]
    return try rank.group.allGather(Array(try JSONEncoder().encode(own)))
      .reduce(into: [:]) { all, bytes in
        all.merge(try JSONDecoder().decode([Int: Data].self, from: Data(bytes))) { one, _ in one }
      }
  }

  private func drawn(_ images: [Int]) -> [Int: Data] {
    let decoder = ImageDecoder()
    let generator = KeyedGenerator(seed: 0, stream: .geometry, epoch: 0)
    return images.reduce(into: [:]) { drawn, image in
      guard let pixels = try? decoder.pixels(of: image, in: folder, transform, generator: generator) else {
        return
      }
      drawn[image] = encodedPNG(pixels, width: Self.side, height: Self.side).map { Data($0) }
    }
  }
}
