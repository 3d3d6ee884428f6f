import CImage
public import Randomness
import System
public import SystemPackage

/// Decodes image files to views, with reused memory of its own; each thread needs its own decoder.
public final class ImageDecoder {
  private let file: FileMemory
  private let decoded = ByteBuffer()
  private let scaled = ByteBuffer()
  private let spare = Canvas.Spare()
  private let times: StageTimes?
  /// How the last view was made.
  public private(set) var plan = ImagePlan()
  /// The seconds spent reading files, including waits.
  private(set) var readSeconds = 0.0

  /// Makes a decoder without memory; the time of its stages is added to `times`.
  public convenience init(times: StageTimes? = nil) { self.init(retries: ReadRetries(), times: times) }

  init(retries: ReadRetries, times: StageTimes? = nil) {
    file = FileMemory(retries: retries)
    self.times = times
  }

  /// Returns the view of the image at `path`: size x size x 3 bytes, rows of RGB.
  ///
  /// `generator` makes the transform's random choices; an evaluation transform draws nothing.
  public func pixels(
    of path: FilePath, _ transform: some Transform, generator: KeyedGenerator
  ) throws(DataError) -> [UInt8] {
    try pixels(of: 0, in: ImageList(path), transform, generator: generator)
  }

  /// The same for the image at `index` of `source`.
  public func pixels(
    of index: Int, in source: some ImageSource, _ transform: some Transform, generator: KeyedGenerator
  ) throws(DataError) -> [UInt8] {
    var view = [UInt8](repeating: 0, count: transform.size * transform.size * 3)
    var failure: DataError?
    view.withUnsafeMutableBufferPointer { pixels in
      do throws(DataError) {
        try read(index, of: source, transform, generator: generator, into: pixels)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return view
  }

  /// Writes the view of an image to `pixels`, size x size x 3 bytes.
  func read(
    _ index: Int, of source: any ImageSource, _ transform: any Transform, generator: KeyedGenerator,
    into pixels: UnsafeMutableBufferPointer<UInt8>
  ) throws(DataError) {
    let image = try encoded(index, of: source)
    var generator = generator
    transform.plan(width: image.width, height: image.height, generator: &generator, into: &plan)
    try draw(image, plan, into: pixels)
  }

  /// Decodes all pixels of an image and discards them, to measure decoding alone.
  public func decodeWhole(_ index: Int, of source: some ImageSource) throws(DataError) {
    let image = try encoded(index, of: source)
    try timed(.decode) { () throws(DataError) in
      _ = try image.decode(PixelRegion(width: image.width, height: image.height), into: decoded)
    }
  }

  private func encoded(_ index: Int, of source: any ImageSource) throws(DataError) -> EncodedImage {
    let watch = Stopwatch()
    let bytes = try timed(.read) { () throws(DataError) in try source.contents(of: index, in: file) }
    readSeconds += watch.elapsed
    return try timed(.decode) { () throws(DataError) in
      try EncodedImage(bytes, of: index, in: source, file.decoders)
    }
  }

  /// Carries out `plan`: decodes the pixels of the crop that the window needs, scales, mirrors and augments
  /// them.
  func draw(
    _ image: EncodedImage, _ plan: ImagePlan, into pixels: UnsafeMutableBufferPointer<UInt8>
  ) throws(DataError) {
    precondition(pixels.count == plan.window.byteCount, "\(pixels.count) bytes do not hold \(plan.window)")
    let reduction = image.isReducible ? plan.reduction : 1
    let plan = reduction > 1 ? plan.reduced(by: reduction) : plan
    let stored = try timed(.decode) { () throws(DataError) in
      try image.decode(plan.source, reducedBy: reduction, into: decoded)
    }
    timed(.resize) { scale(stored, plan, into: pixels) }
    timed(.augment) {
      if plan.isFlipped { flip(pixels, width: plan.window.width) }
      let canvas = Canvas(pixels, width: plan.window.width, height: plan.window.height, spare: spare)
      for operation in plan.operations { canvas.apply(operation) }
    }
  }

  private func timed<Result, Failure: Error>(
    _ stage: StageTimes.Stage, _ work: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard let times else { return try work() }
    return try times.timed(stage, work)
  }

  private func scale(
    _ stored: DecodedRows, _ plan: ImagePlan, into pixels: UnsafeMutableBufferPointer<UInt8>
  ) {
    let filter = plan.interpolation.filter
    let memory = scaled.reserve(ci_resize_memory(plan.across, plan.down, filter))
    ci_resize(
      stored.start, stored.stride, plan.across, plan.down, filter, plan.isMirrored ? 1 : 0,
      memory.baseAddress, pixels.baseAddress)
  }

  private func flip(_ pixels: UnsafeMutableBufferPointer<UInt8>, width: Int) {
    ci_flip(pixels.baseAddress, Int32(width), Int32(pixels.count / (width * 3)))
  }
}
