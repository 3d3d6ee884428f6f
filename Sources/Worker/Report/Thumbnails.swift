import Datasets
import Foundation
import Randomness
import Recipe

/// Small pictures of what a network saw, to put into pages.
struct Thumbnails {
  private let folder: ImageFolder
  private let transform: EvaluationTransform
  private let decoder = ImageDecoder()

  /// Of the images of a folder, so many pixels across and down.
  init(of folder: ImageFolder, _ images: Recipe.Preprocessing, side: Int) {
    self.folder = folder
    var images = images
    images.inputSize = side
    transform = EvaluationTransform(images)
  }

  /// A picture as a PNG file in base64; nil where the file has gone since.
  func picture(of image: Int) -> String? {
    let generator = KeyedGenerator(seed: 0, stream: .geometry, epoch: 0)
    let pixels = try? decoder.pixels(of: image, in: folder, transform, generator: generator)
    return pixels.flatMap { encodedPNG($0, width: transform.size, height: transform.size) }
      .map { Data($0).base64EncodedString() }
  }
}
