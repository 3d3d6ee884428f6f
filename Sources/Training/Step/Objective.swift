import Model
public import Recipe
public import Torch

/// From pixels to the loss: normalise, erase, mix, the network, cross-entropy.
struct Objective {
  private let network: any Network
  private let normalized: Normalizer
  private let smoothing: Double
  private let computeType: DType
  private let kernels: Kernels
  private let recomputesBlocks: Bool
  private let weights: CastWeights?

  /// - Parameter weights: The network's, in the recipe's compute type, where they lie ready.
  init(
    _ network: any Network, _ recipe: Recipe, on device: Device, recomputesBlocks: Bool = false,
    weights: CastWeights? = nil
  ) {
    self.network = network
    normalized = Normalizer(on: device)
    smoothing = recipe.smoothing
    computeType = recipe.computeType
    kernels = recipe.kernels
    self.recomputesBlocks = recomputesBlocks
    self.weights = weights
  }

  /// The mean loss of some images, whose inputs are on the device.
  func callAsFunction(_ inputs: StepInputs.Part) -> Tensor {
    var images = normalized(inputs.pixels)  // [B, S, S, 3]
    inputs.erasures?.apply(to: images)
    if let mix = inputs.mix { images = mix(images) }
    let pass = Pass.training(
      inputs.dropPath, dropout: inputs.dropout, computeType: computeType, kernels: kernels,
      recomputesBlocks: recomputesBlocks, weights: weights)
    let logits = network(images.permuted([0, 3, 1, 2]), pass)
    // Mixed targets have the smoothing in them.
    return crossEntropy(logits, inputs.targets, smoothing: inputs.mix == nil ? smoothing : 0)
  }
}

/// Turns bytes into what the network was made for: `(x / 255 - mean) / deviation` with ImageNet's statistics.
public struct Normalizer {
  private let mean: Tensor
  private let deviation: Tensor
  private let device: Device
  /// ImageNet's, of red, green and blue between 0 and 1.
  public static let means: [Float] = [0.485, 0.456, 0.406]
  /// Likewise.
  public static let deviations: [Float] = [0.229, 0.224, 0.225]

  /// What becomes of one byte, to the bit.
  static func normal(_ byte: UInt8, channel: Int) -> Float {
    (Float(byte) - means[channel] * 255) / (deviations[channel] * 255)
  }

  /// A normaliser whose statistics live on `device`.
  public init(on device: Device) {
    mean = Tensor(Self.means, [1, 1, 1, 3]).scaled(by: 255).moved(to: device)
    deviation = Tensor(Self.deviations, [1, 1, 1, 3]).scaled(by: 255).moved(to: device)
    self.device = device
  }

  /// Bytes `[B, H, W, 3]` → float32 `[B, 3, H, W]` on the device; bytes cross, floats are made there.
  public func callAsFunction(_ bytes: UnsafeRawBufferPointer, count: Int, side: Int) -> Tensor {
    self(Tensor(bytes: bytes, [count, side, side, 3], .uint8).moved(to: device)).permuted([0, 3, 1, 2])
  }

  /// Bytes `[B, H, W, 3]` of the device → float32 of that shape.
  func callAsFunction(_ pixels: Tensor) -> Tensor { (pixels.cast(to: .float32) - mean) / deviation }
}

extension Recipe {
  /// The element type of matrix products.
  public var computeType: DType {
    switch (precision.level, precision.dtype) {
    case (.O0, _): .float32
    case (.O1, .bfloat16): .bfloat16
    case (.O1, .float16): .float16
    }
  }

  /// Whose operations compute a block.
  public var kernels: Kernels {
    switch precision.kernels {
    case .fused: .fused
    case .reference: .reference
    }
  }
}
