public import Torch

/// Turns bytes into what the network was made for: `(x / 255 - mean) / deviation` with ImageNet's statistics.
public struct Normalizer {
  private let mean: Tensor
  private let deviation: Tensor
  private let device: Device

  /// A normaliser whose statistics live on `device`.
  public init(on device: Device) {
    mean = Tensor([0.485, 0.456, 0.406] as [Float], [1, 1, 1, 3]).scaled(by: 255).moved(to: device)
    deviation = Tensor([0.229, 0.224, 0.225] as [Float], [1, 1, 1, 3]).scaled(by: 255).moved(to: device)
    self.device = device
  }

  /// Bytes `[B, H, W, 3]` → float32 `[B, 3, H, W]` on the device; bytes cross, floats are made there.
  public func callAsFunction(_ bytes: UnsafeRawBufferPointer, count: Int, side: Int) -> Tensor {
    let pixels = Tensor(bytes: bytes, [count, side, side, 3], .uint8).moved(to: device)
    return ((pixels.cast(to: .float32) - mean) / deviation).permuted([0, 3, 1, 2])
  }
}
