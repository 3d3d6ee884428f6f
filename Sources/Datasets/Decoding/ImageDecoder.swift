import CImage
public import Randomness
public import SystemPackage

/// Turns image files into pixels, with memory of its own that is used again and again; one decoder, one thread.
public final class ImageDecoder {
  private let file = ByteBuffer()
  private let decoded = ByteBuffer()
  private let scaled = ByteBuffer()
  private let spare = Canvas.Spare()
  private let retries: ReadRetries

  /// Makes a reader that holds no memory yet.
  public convenience init() { self.init(retries: ReadRetries()) }

  init(retries: ReadRetries) {
    self.retries = retries
  }

  /// The pixels of the image at `path`: size x size x 3 bytes, rows of RGB.
  ///
  /// `generator` decides what the transform leaves to chance; an evaluation transform does not ask it.
  public func pixels(
    of path: FilePath, _ transform: some Transform, generator: KeyedGenerator
  ) throws(DataError) -> [UInt8] {
    var view = [UInt8](repeating: 0, count: transform.size * transform.size * 3)
    var failure: DataError?
    view.withUnsafeMutableBufferPointer { pixels in
      do throws(DataError) {
        try read(path, transform, generator: generator, into: pixels)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return view
  }

  /// Writes the pixels of the image at `path` into `pixels`, size x size x 3 bytes.
  func read(
    _ path: FilePath, _ transform: any Transform, generator: KeyedGenerator,
    into pixels: UnsafeMutableBufferPointer<UInt8>
  ) throws(DataError) {
    let image = try EncodedImage(file.contents(of: path, retries), path: path)
    var generator = generator
    let plan = transform.plan(width: image.width, height: image.height, generator: &generator)
    try draw(image, plan, into: pixels)
  }

  /// Carries out `plan`: decode what the window needs of the crop, scale it, mirror it, change its pixels.
  func draw(
    _ image: EncodedImage, _ plan: ImagePlan, into pixels: UnsafeMutableBufferPointer<UInt8>
  ) throws(DataError) {
    precondition(pixels.count == plan.window.byteCount, "\(pixels.count) bytes do not hold \(plan.window)")
    let source = plan.source
    let stored = decoded.reserve(source.byteCount)
    try image.decode(source, into: stored)
    scale(stored, plan, into: pixels)
    if plan.isMirrored { mirror(pixels, width: plan.window.width) }
    let canvas = Canvas(pixels, width: plan.window.width, height: plan.window.height, spare: spare)
    for operation in plan.operations { canvas.apply(operation) }
  }

  private func scale(
    _ stored: UnsafeMutableBufferPointer<UInt8>, _ plan: ImagePlan,
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
