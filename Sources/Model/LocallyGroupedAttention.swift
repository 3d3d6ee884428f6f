import Torch

/// Locally-grouped self-attention (LSA): attention inside w×w windows (Twins, phase 3.2).
///
/// A map that is not a multiple of w is padded with zeros at the right and bottom before the windows are cut,
/// as timm does; the padding takes part as keys and is cropped away after.
///
/// B batch, H W map, C channels, n heads, d = C/n, w window side, h = H/w and v = W/w windows down and
/// across.
struct LocallyGroupedAttention {
  private let qkv: Linear
  private let projection: Linear
  private let heads: Int
  private let window: Int
  let canFuse: Bool

  init(_ scope: ParameterScope, _ channels: Int, heads: Int, window: Int) {
    qkv = Linear(scope["qkv"], channels, 3 * channels)
    projection = Linear(scope["proj"], channels, channels)
    self.heads = heads
    self.window = window
    canFuse = Kernels.take(channels: channels, heads: heads)
  }

  func fused(_ half: BlockHalf, _ map: FeatureMap) -> Tensor {
    half.localAttention(
      height: map.height, width: map.width, qkv: qkv.affine, projection: projection.affine, heads: heads,
      side: window)
  }

  /// What is added to a map's tokens: `[B, H·W, C]`, or where the windows fit a card's map, `[B, h, w, v, w, C]` as it lies
  /// in them.
  func callAsFunction(_ map: FeatureMap, _ pass: Pass) -> Tensor {
    let windows = Windows(map, side: window)
    guard map.tokens.device != .cpu, windows.fits, pass.dropout == nil else {
      // Cast before the windows are cut, to move half the bytes.
      let packed = qkv(windows.cut(map.tokens.cast(to: pass.computeType)), pass)  // [B·h·v, w·w, 3C]
      return projection(windows.joined(attended(packed, map, pass)), pass)  // [B, H·W, C]
    }
    // The cast cuts the windows, and the residual's addition joins them.
    let packed = qkv(windows.view(map.tokens), pass)  // [B, h, v, w, w, 3C]
    return windows.asInMap(projection(attended(packed, map, pass), pass))
  }

  /// `[B·h·v, w·w, 3C]` → as many rows of C.
  private func attended(_ packed: Tensor, _ map: FeatureMap, _ pass: Pass) -> Tensor {
    let (B, C) = (map.tokens.shape[0], map.tokens.shape[2])
    // Five dimensions on the CPU, where libtorch then uses batched products, which are faster than its fused
    // kernel with so few keys; a card's fused kernel needs four.
    let split = map.tokens.device == .cpu ? [B, -1] : [-1]
    let parts = packed.split(3, along: -1)
      .map { $0.reshaped(split + [window * window, heads, C / heads]).transposed(-3, -2) }
    let mixed = pass.attention(
      parts[0], parts[1], parts[2], to: .window(side: window, height: map.height, width: map.width))
    return mixed.transposed(-3, -2).reshaped([-1, window * window, C])
  }
}

/// Cuts a map into windows and joins them again.
private struct Windows {
  private let B: Int
  private let H: Int
  private let W: Int
  private let C: Int
  private let side: Int
  private let down: Int
  private let across: Int

  init(_ map: FeatureMap, side: Int) {
    let shape = map.tokens.shape
    (B, H, W, C) = (shape[0], map.height, map.width, shape[2])
    self.side = side
    down = (H + side - 1) / side
    across = (W + side - 1) / side
  }

  private var missing: (bottom: Int, right: Int) { (down * side - H, across * side - W) }
  /// Whether the map is a multiple of their side.
  var fits: Bool { missing == (0, 0) }

  /// The tokens of a map that they fit, window by window, where they lie: `[B, h, v, w, w, C]`.
  func view(_ tokens: Tensor) -> Tensor {
    tokens.reshaped([B, down, side, across, side, C]).transposed(2, 3)
  }

  /// What lies window by window as it is seen in the map, `[B, h, w, v, w, C]`.
  func asInMap(_ windows: Tensor) -> Tensor {
    windows.reshaped([B, down, across, side, side, C]).transposed(2, 3)
  }

  /// `[B, H·W, C]` → `[B·h·v, w·w, C]`.
  func cut(_ tokens: Tensor) -> Tensor {
    let map = tokens.reshaped([B, H, W, C])
    let padded = fits ? map : map.padded([0, 0, 0, missing.right, 0, missing.bottom])
    return padded.reshaped([B, down, side, across, side, C]).transposed(2, 3)
      .reshaped([B * down * across, side * side, C])
  }

  /// `[B·h·v, w·w, …]` with C values per token → `[B, H·W, C]`.
  func joined(_ windows: Tensor) -> Tensor {
    let padded = windows.reshaped([B, down, across, side, side, C]).transposed(2, 3)
      .reshaped([B, down * side, across * side, C])
    let map = fits ? padded : padded.narrowed(1, to: 0..<H).narrowed(2, to: 0..<W)
    return map.reshaped([B, H * W, C])
  }
}
