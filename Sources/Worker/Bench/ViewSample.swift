import Checkpoint
import Datasets
import Randomness
import System
import SystemPackage

/// Some of the views that are timed, with how each was made, for a program that makes them in its own way.
struct ViewSample {
  let images: ImageFolder
  let transform: any Transform
  /// The key of the views' randomness.
  let seed: UInt64

  /// A view's image and plan.
  private struct Line: Encodable {
    let path: String
    let plan: ImagePlan
  }

  private static let count = 128

  /// Writes `views.rgb`, the views one after the other, rows of RGB, and `views.jsonl`, a line for each, into a folder, which
  /// is made where it is not there.
  ///
  /// The views of the first epoch, of images spread evenly over the folder.
  func write(to folder: String) throws {
    let decoder = ImageDecoder()
    var (pixels, lines): ([UInt8], [String]) = ([], [])
    let count = min(Self.count, images.count)
    for number in 0..<count {
      let index = number * images.count / count
      let generator = KeyedGenerator(seed: seed, stream: .geometry, epoch: 0, index: index)
      pixels += try decoder.pixels(of: index, in: images, transform, generator: generator)
      lines.append(try jsonLine(Line(path: images[index].path.string, plan: decoder.plan)))
    }
    guard Folders.make(folder) else { throw SystemError("write", FilePath(folder)) }
    try pixels.withUnsafeBytes { bytes in
      // Through `withUnsafeBytes`, a typed error would be lost.
      Result { () throws(CheckpointError) in try AtomicFile.write(bytes, to: "\(folder)/views.rgb") }
    }.get()
    try AtomicFile.write(lines.joined(separator: "\n") + "\n", to: "\(folder)/views.jsonl")
  }
}
