import CImage
import Glibc

/// Encodes packed 8-bit RGB as a JPEG file in memory with libjpeg's quality from 1 to 100; nil when out of
/// memory.
public func encodedJPEG(
  _ samples: UnsafeBufferPointer<UInt8>, width: Int, height: Int, quality: Int
) -> [UInt8]? {
  precondition(samples.count == 3 * width * height, "\(samples.count) bytes for \(width) x \(height) pixels")
  var bytes: UnsafeMutablePointer<UInt8>?
  var count = 0
  guard ci_jpeg_encode(samples.baseAddress, Int32(width), Int32(height), Int32(quality), &bytes, &count) == 0
  else { return nil }
  defer { free(bytes) }
  return Array(UnsafeBufferPointer(start: bytes, count: count))
}
