public import Torch

/// A network that training, evaluating and files of weights can work with: what they ask of a model, and no more.
public protocol Network {
  /// Every weight with its key, in the order of construction, the same on every rank.
  var parameters: [Parameter] { get }
  /// For each of them, where it stands in the network.
  var places: [NetworkPlace] { get }
  /// How many classes it tells apart.
  var classes: Int { get }
  /// For each residual branch, in the order of a pass, the chance that training leaves it out for an image.
  var dropRates: [Double] { get }
  /// The shapes of the outputs that `--drop` drops elements of, in the order of a pass over square images.
  func dropoutShapes(images: Int, side: Int) -> [[Int]]
  /// A weight of a file in the shape that this network has for it, where that follows from the size of the images; nil for
  /// every other weight, and where no images have that shape.
  func resampled(_ weight: Tensor, for key: String) -> Tensor?
  /// The classes' logits, float32 `[B, K]`, for normalised images `[B, 3, H, W]`.
  ///
  /// A pure function of weights, images and pass.
  func callAsFunction(_ images: Tensor, _ pass: Pass) -> Tensor
  /// The logits of each head by itself: the classes', and where there is a second one that learns from a teacher, its own.
  func answers(_ images: Tensor, _ pass: Pass) -> [Tensor]
  /// Where it looks in a normalised image `[1, 3, H, W]`, with products of `computeType`.
  func attentionMaps(of image: Tensor, computeType: DType) -> AttentionMaps
}

extension Network {
  /// None: convolutions and attention take images of any size.
  public func resampled(_ weight: Tensor, for key: String) -> Tensor? { nil }

  /// None: nothing in it attends.
  public func attentionMaps(of image: Tensor, computeType: DType) -> AttentionMaps {
    AttentionMaps(stages: [], rollout: nil)
  }

  /// One head has learnt from both.
  public func answers(_ images: Tensor, _ pass: Pass) -> [Tensor] { [self(images, pass)] }
}

/// Where a parameter stands between the images and the logits.
public struct NetworkPlace: Equatable, Sendable {
  /// The number of its layer, from the images on, as timm groups them for layer-wise rates.
  public let layer: Int
  /// Its stage; nil of what is in none.
  public let stage: Int?
  /// Whether it is the head's.
  public let isOfHead: Bool
}
