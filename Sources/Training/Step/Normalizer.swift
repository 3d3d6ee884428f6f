import CKernels
public import Recipe
public import Torch

/// Turns bytes into normalised floats: `(x / 255 - mean) / deviation`.
public struct Normalizer {
  // For the card's operations.
  private let mean: Tensor
  private let deviation: Tensor
  // The same values for the host's loop.
  private let (means, deviations): ([Float], [Float])
  private let device: Device

  /// Makes a normaliser with its statistics on `device`; ImageNet's by default.
  public init(_ images: Recipe.Preprocessing = Recipe.Preprocessing(), on device: Device) {
    (means, deviations) = (images.means.map { Float($0) * 255 }, images.deviations.map { Float($0) * 255 })
    mean = Tensor(means, [1, 1, 1, 3]).moved(to: device)
    deviation = Tensor(deviations, [1, 1, 1, 3]).moved(to: device)
    self.device = device
  }

  /// Bytes `[B, H, W, 3]` → float32 `[B, 3, H, W]` on the device; bytes are uploaded and converted there.
  public func callAsFunction(_ bytes: UnsafeRawBufferPointer, count: Int, side: Int) -> Tensor {
    self(Tensor(bytes: bytes, [count, side, side, 3], .uint8).moved(to: device)).permuted([0, 3, 1, 2])
  }

  /// Bytes `[B, H, W, 3]` on the device → float32 of that shape.
  func callAsFunction(_ pixels: Tensor) -> Tensor {
    device == .cpu ? normalizedHere(pixels) : (pixels.cast(to: .float32) - mean) / deviation
  }

  /// Computes the same numbers in one pass, where three operations would each go through memory.
  private func normalizedHere(_ pixels: Tensor) -> Tensor {
    let result = Tensor.empty(pixels.shape)
    let (bytes, floats, length) = (
      pixels.memory(of: UInt8.self), result.floats(), pixels.count / max(1, pixels.shape[0])
    )
    _ = concurrently(Array(0..<pixels.shape[0])) { image in
      guard let from = bytes.baseAddress, let into = floats.baseAddress else { return }
      let start = image * length
      floats_normalize(into + start, from + start, length, means, deviations)
    }
    return result
  }
}

extension Recipe.Preprocessing {
  /// The bits that a ``Normalizer`` makes of one byte.
  func normal(_ byte: UInt8, channel: Int) -> Float {
    (Float(byte) - Float(means[channel]) * 255) / (Float(deviations[channel]) * 255)
  }
}
