import Checkpoint
import Datasets
import Randomness
import System
import SystemPackage

/// Some of the timed views, with the plan of each, for comparison with another program.
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

  /// Writes `views.rgb`, the views one after another as rows of RGB, and `views.jsonl`, a line for each, to a
  /// folder, which is made if necessary.
  ///
  /// They are views of the first epoch, of images spread evenly over the folder.
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
      // A typed error cannot pass through `withUnsafeBytes`.
      Result { () throws(CheckpointError) in try AtomicFile.write(bytes, to: "\(folder)/views.rgb") }
    }.get()
    try AtomicFile.write(lines.joined(separator: "\n") + "\n", to: "\(folder)/views.jsonl")
  }
}
