import Model
public import Recipe
public import Torch

/// From pixels to the loss: normalise, erase, mix, the network, the criterion.
struct Objective {
  private let network: any Network
  private let normalized: Normalizer
  private let criterion: Criterion
  private let teacher: Teacher?
  private let computeType: DType
  private let kernels: Kernels
  private let recomputesBlocks: Bool
  private let weights: CastWeights?

  /// - Parameters:
  ///   - weights: The network's, in the recipe's compute type, where they lie ready.
  ///   - classWeights: What images of each class count; nil where all count alike.
  ///   - teacher: Who else says what images are; nil for nobody.
  init(
    _ network: any Network, _ recipe: Recipe, on device: Device, recomputesBlocks: Bool = false,
    weights: CastWeights? = nil, classWeights: [Double]? = nil, teacher: Teacher? = nil
  ) {
    self.network = network
    normalized = Normalizer(recipe.data.preprocessing, on: device)
    criterion = Criterion(recipe, weights: classWeights, on: device)
    self.teacher = teacher
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
    images = images.permuted([0, 3, 1, 2])
    guard let teacher else { return criterion(network(images, pass), inputs.targets) }
    let answers = network.answers(images, pass)
    return teacher.joined(criterion(answers[0], inputs.targets), of: answers[answers.count - 1], to: images)
  }
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
