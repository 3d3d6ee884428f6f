import CImage
import Glibc

/// Encodes packed 8-bit RGB as a PNG file in memory; nil when out of memory.
public func encodedPNG(_ samples: [UInt8], width: Int, height: Int) -> [UInt8]? {
  precondition(samples.count == 3 * width * height, "\(samples.count) bytes for \(width) x \(height) pixels")
  var bytes: UnsafeMutablePointer<UInt8>?
  var count = 0
  guard ci_png_encode(samples, Int32(width), Int32(height), 3, &bytes, &count) == 0 else { return nil }
  defer { free(bytes) }
  return Array(UnsafeBufferPointer(start: bytes, count: count))
}
