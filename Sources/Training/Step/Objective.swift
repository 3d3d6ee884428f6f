import Model
public import Recipe
public import Torch

/// Computes the loss from pixels: normalise, erase, mix, network, criterion.
struct Objective {
  private let network: any Network
  private let normalized: Normalizer
  private let criterion: Criterion
  private let teacher: Teacher?
  private let computeType: DType
  private let kernels: Kernels
  private let recomputesBlocks: Bool
  private let weights: CastWeights?

  /// Makes the recipe's objective.
  ///
  /// - Parameters:
  /// - weights: The network's weights already cast to the compute type; nil casts them in each product.
  /// - classWeights: The weight of each class in the loss; nil weighs all alike.
  /// - teacher: The network to distil from; nil for none.
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

  /// The mean loss of a part of the batch, whose inputs are on the device.
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

  /// Which library computes a block: the project's kernels or libtorch.
  public var kernels: Kernels {
    switch precision.kernels {
    case .fused: .fused
    case .reference: .reference
    }
  }
}
