import CTorch

/// `x · weightᵀ + bias` over the last dimension: `[…, in]` → `[…, out]`.
public func linear(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  tensor(file, line) { ct_linear(x.handle, weight.handle, bias.handle, $0) }
}

/// 2-D convolution of `[B, C, H, W]` with `weight` `[out, C / groups, h, w]`.
public func convolution(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor, stride: Int, padding: Int = 0, groups: Int = 1,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  tensor(file, line) {
    ct_conv2d(
      x.handle, weight.handle, bias.handle, Int64(stride), Int64(padding), Int64(groups), $0)
  }
}

/// Layer normalisation over the last dimension.
public func layerNorm(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor, epsilon: Double,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  tensor(file, line) { ct_layer_norm(x.handle, weight.handle, bias.handle, epsilon, $0) }
}

/// The Gaussian error linear unit in its exact (erf) form.
public func gelu(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  tensor(file, line) { ct_gelu(x.handle, $0) }
}

/// `softmax(q · kᵀ / √d) · v` for queries `[…, heads, N, d]` and keys and values `[…, heads, M, d]`.
public func attention(
  _ q: Tensor, _ k: Tensor, _ v: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  tensor(file, line) { ct_attention(q.handle, k.handle, v.handle, $0) }
}

/// Resizes planes `[B, C, H, W]` with an antialiased bicubic filter (PyTorch's `antialias=True`).
public func resizedBicubic(
  _ planes: Tensor, height: Int, width: Int, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  tensor(file, line) { ct_resize_bicubic(planes.handle, Int64(height), Int64(width), $0) }
}

/// How the losses of images are combined.
public enum Reduction: Sendable {
  /// The mean over the images.
  case mean
  /// The sum over the images.
  case sum
}

/// Cross-entropy of logits `[B, K]` against classes `[B]` (int64) or distributions `[B, K]` (float32).
///
/// Label smoothing is PyTorch's: `(1 - s) · nll + s · mean(-log p)`. The mean divides by the number of
/// images, or with class weights `[K]` by the sum of the targets' weights.
public func crossEntropy(
  _ logits: Tensor, _ targets: Tensor, weights: Tensor? = nil, smoothing: Double = 0,
  reduction: Reduction = .mean, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  tensor(file, line) {
    ct_cross_entropy(logits.handle, targets.handle, weights?.handle, smoothing, reduction == .sum, $0)
  }
}

/// Binary cross-entropy of logits `[B, K]` against targets `[B, K]` from 0 to 1: the mean of all elements,
/// where each image is weighted by the `weights` `[K]` of its classes.
public func binaryCrossEntropy(
  _ logits: Tensor, _ targets: Tensor, weights: Tensor? = nil, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  tensor(file, line) { ct_binary_cross_entropy(logits.handle, targets.handle, weights?.handle, $0) }
}

/// Focal loss (Lin et al. 2017) of logits `[B, K]` against distributions `[B, K]`: cross-entropy with factor
/// `(1 - p)^gamma`, which reduces the loss of well-classified images. The mean is over the images.
public func focalLoss(
  _ logits: Tensor, _ targets: Tensor, weights: Tensor? = nil, gamma: Double, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  tensor(file, line) { ct_focal_loss(logits.handle, targets.handle, weights?.handle, gamma, $0) }
}

/// Distillation loss of logits `[B, K]` against known ones at temperature T: `T² / (B · K) · Σ
/// KL(softmax(known / T) ‖ softmax(logits / T))` (Hinton et al. 2015, scaled as in DeiT's `losses.py`).
public func distillationLoss(
  _ logits: Tensor, _ known: Tensor, temperature: Double, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  tensor(file, line) { ct_distillation_loss(logits.handle, known.handle, temperature, $0) }
}
