public import Randomness
public import SystemPackage
import CImage

/// Turns picture files into samples, with memory of its own that is used again and again; one reader, one thread.
public final class PictureReader {
  private let file = ByteBuffer()
  private let decoded = ByteBuffer()
  private let scaled = ByteBuffer()
  private let spare = Canvas.Spare()
  private let patience: Patience

  /// Makes a reader that holds no memory yet.
  public convenience init() { self.init(patience: Patience()) }

  init(patience: Patience) {
    self.patience = patience
  }

  /// The sample of the picture at `path`: size x size x 3 bytes, rows of RGB.
  ///
  /// `generator` decides what the transform leaves to chance; an evaluation transform does not ask it.
  public func sample(
    of path: FilePath, _ transform: some Transform, generator: KeyedGenerator
  ) throws(DataError) -> [UInt8] {
    var sample = [UInt8](repeating: 0, count: transform.size * transform.size * 3)
    var failure: DataError?
    sample.withUnsafeMutableBufferPointer { pixels in
      do throws(DataError) {
        try read(path, transform, generator: generator, into: pixels)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return sample
  }

  /// Writes the sample of the picture at `path` into `pixels`, size x size x 3 bytes.
  func read(
    _ path: FilePath, _ transform: any Transform, generator: KeyedGenerator,
    into pixels: UnsafeMutableBufferPointer<UInt8>
  ) throws(DataError) {
    let picture = try EncodedPicture(file.contents(of: path, patience), path: path)
    var generator = generator
    let plan = transform.plan(width: picture.width, height: picture.height, generator: &generator)
    try draw(picture, plan, into: pixels)
  }

  /// Carries out `plan`: decode what the window needs of the crop, scale it, mirror it, change its pixels.
  func draw(
    _ picture: EncodedPicture, _ plan: PicturePlan, into pixels: UnsafeMutableBufferPointer<UInt8>
  ) throws(DataError) {
    precondition(pixels.count == plan.window.byteCount, "\(pixels.count) bytes do not hold \(plan.window)")
    let source = plan.source
    let stored = decoded.reserve(source.byteCount)
    try picture.decode(source, into: stored)
    scale(stored, plan, into: pixels)
    if plan.isMirrored { mirror(pixels, width: plan.window.width) }
    let canvas = Canvas(pixels, width: plan.window.width, height: plan.window.height, spare: spare)
    for operation in plan.operations { canvas.apply(operation) }
  }

  private func scale(
    _ stored: UnsafeMutableBufferPointer<UInt8>, _ plan: PicturePlan,
    into pixels: UnsafeMutableBufferPointer<UInt8>
  ) {
    let filter = plan.interpolation.filter
    let between = scaled.reserve(ci_resize_between(plan.across, plan.down, filter))
    let status = ci_resize(
      stored.baseAddress, plan.across, plan.down, filter, between.baseAddress, pixels.baseAddress)
    precondition(status == 0, "resize \(plan): \(String(cString: ci_last_error()))")
  }

  private func mirror(_ pixels: UnsafeMutableBufferPointer<UInt8>, width: Int) {
    for row in stride(from: 0, to: pixels.count, by: width * 3) {
      var left = row
      var right = row + (width - 1) * 3
      while left < right {
        for channel in 0..<3 { pixels.swapAt(left + channel, right + channel) }
        left += 3
        right -= 3
      }
    }
  }
}
