import Datasets
import Foundation
import Randomness
import Recipe

/// Thumbnails of what a network saw, for pages.
struct Thumbnails {
  private let folder: ImageFolder
  private let transform: EvaluationTransform
  private let decoder = ImageDecoder()

  /// Makes thumbnails with this side in pixels, of a folder's images.
  init(of folder: ImageFolder, _ images: Recipe.Preprocessing, side: Int) {
    self.folder = folder
    var images = images
    images.inputSize = side
    transform = EvaluationTransform(images)
  }

  /// A picture as base64 PNG; nil if the file no longer exists.
  func picture(of image: Int) -> String? {
    let generator = KeyedGenerator(seed: 0, stream: .geometry, epoch: 0)
    let pixels = try? decoder.pixels(of: image, in: folder, transform, generator: generator)
    return pixels.flatMap { encodedPNG($0, width: transform.size, height: transform.size) }
      .map { Data($0).base64EncodedString() }
  }
}
