public import Torch

/// What training, evaluation and weight files need of a network.
public protocol Network {
  /// Every weight with its key, in the order of construction, the same on every rank.
  var parameters: [Parameter] { get }
  /// Where each parameter stands in the network.
  var places: [NetworkPlace] { get }
  /// The number of classes.
  var classes: Int { get }
  /// The drop-path rate of each residual branch, in the order of a pass.
  var dropRates: [Double] { get }
  /// The shapes of the outputs that `--drop` affects, in the order of a pass over square images.
  func dropoutShapes(images: Int, side: Int) -> [[Int]]
  /// Resizes a file's weight whose shape depends on the image size to this network's shape; nil for every
  /// other weight, and for shapes that no image size has.
  func resampled(_ weight: Tensor, for key: String) -> Tensor?
  /// The classes' logits, float32 `[B, K]`, for normalised images `[B, 3, H, W]`.
  ///
  /// A pure function of weights, images and pass.
  func callAsFunction(_ images: Tensor, _ pass: Pass) -> Tensor
  /// The logits of each head; a second head learns from a teacher.
  func answers(_ images: Tensor, _ pass: Pass) -> [Tensor]
  /// Where the network attends in a normalised image `[1, 3, H, W]`, with products of `computeType`.
  func attentionMaps(of image: Tensor, computeType: DType) -> AttentionMaps
}

extension Network {
  /// By default nil: no weight depends on the image size.
  public func resampled(_ weight: Tensor, for key: String) -> Tensor? { nil }

  /// By default empty.
  public func attentionMaps(of image: Tensor, computeType: DType) -> AttentionMaps {
    AttentionMaps(stages: [], rollout: nil)
  }

  /// By default, the one head's logits.
  public func answers(_ images: Tensor, _ pass: Pass) -> [Tensor] { [self(images, pass)] }
}

/// Where a parameter stands between the images and the logits.
public struct NetworkPlace: Equatable, Sendable {
  /// The number of its layer, counted from the images, in timm's grouping for layer-wise rates.
  public let layer: Int
  /// Its stage; nil outside the stages.
  public let stage: Int?
  /// Whether it belongs to the head.
  public let isOfHead: Bool
}
