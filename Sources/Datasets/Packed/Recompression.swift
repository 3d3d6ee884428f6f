import CImage

/// Shrinks images permanently: no side longer than `longestSide`, encoded as JPEG.
public struct Recompression: Equatable, Sendable {
  /// The largest side that libjpeg can encode.
  public static let largestSide = 65_500

  /// The longest side of an image, in pixels.
  public var longestSide: Int
  /// libjpeg's quality, 1...100.
  public var quality: Int

  /// Makes the settings; quality is libjpeg's, 1...100.
  public init(longestSide: Int, quality: Int) {
    precondition(
      (1...Self.largestSide).contains(longestSide) && (1...100).contains(quality),
      "\(longestSide) pixels, quality \(quality)")
    (self.longestSide, self.quality) = (longestSide, quality)
  }

  /// The image as a smaller JPEG, with its size; nil if it is small enough already and stays as it is.
  func recompressed(
    _ image: EncodedImage, with decoder: ImageDecoder
  ) throws(DataError) -> (bytes: [UInt8], width: Int, height: Int)? {
    let longer = max(image.width, image.height)
    guard longer > longestSide else { return nil }
    func scaled(_ side: Int) -> Int { max(1, (side * longestSide + longer / 2) / longer) }
    let (width, height) = (scaled(image.width), scaled(image.height))
    let plan = ImagePlan(
      crop: PixelRegion(width: image.width, height: image.height), scaledWidth: width, scaledHeight: height,
      window: PixelRegion(width: width, height: height), isMirrored: false)
    let rgb = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: plan.window.byteCount)
    defer { rgb.deallocate() }
    try decoder.draw(image, plan, into: rgb)
    guard let bytes = encodedJPEG(UnsafeBufferPointer(rgb), width: width, height: height, quality: quality)
    else {
      throw .unwritable(path: image.path, reason: String(cString: ci_last_error()))
    }
    return (bytes, width, height)
  }
}
