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

/// Planes `[B, C, H, W]` scaled by a bicubic filter that is as wide as they shrink (PyTorch's `antialias=True`).
public func resizedBicubic(
  _ planes: Tensor, height: Int, width: Int, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  tensor(file, line) { ct_resize_bicubic(planes.handle, Int64(height), Int64(width), $0) }
}

/// How a loss over images becomes one number.
public enum Reduction: Sendable {
  /// The mean over the images.
  case mean
  /// The sum over the images.
  case sum
}

/// Cross-entropy of logits `[B, K]` against targets: classes `[B]` (int64), or distributions `[B, K]` (float32).
///
/// Label smoothing as in PyTorch: `(1 - s) · nll + s · mean(-log p)`. The mean is over the images, or with weights `[K]` of
/// the classes over those of the targets.
public func crossEntropy(
  _ logits: Tensor, _ targets: Tensor, weights: Tensor? = nil, smoothing: Double = 0,
  reduction: Reduction = .mean, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  tensor(file, line) {
    ct_cross_entropy(logits.handle, targets.handle, weights?.handle, smoothing, reduction == .sum, $0)
  }
}

/// Binary cross-entropy of logits `[B, K]` against what each class is to be, `[B, K]` from 0 to 1: the mean of all, each image
/// counting as much as the `weights` `[K]` of its classes.
public func binaryCrossEntropy(
  _ logits: Tensor, _ targets: Tensor, weights: Tensor? = nil, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  tensor(file, line) { ct_binary_cross_entropy(logits.handle, targets.handle, weights?.handle, $0) }
}

/// Focal loss (Lin et al. 2017) of logits `[B, K]` against distributions `[B, K]`: cross-entropy of which what is nearly
/// right counts less, by `(1 - p)^gamma`. The mean is over the images.
public func focalLoss(
  _ logits: Tensor, _ targets: Tensor, weights: Tensor? = nil, gamma: Double, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  tensor(file, line) { ct_focal_loss(logits.handle, targets.handle, weights?.handle, gamma, $0) }
}

/// What logits `[B, K]` lack of known ones at a temperature: `T² / (B · K) · Σ KL(softmax(known / T) ‖ softmax(logits / T))`
/// (Hinton et al. 2015; the scale is that of DeiT's `losses.py`).
public func distillationLoss(
  _ logits: Tensor, _ known: Tensor, temperature: Double, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  tensor(file, line) { ct_distillation_loss(logits.handle, known.handle, temperature, $0) }
}
