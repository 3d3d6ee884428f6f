import Torch

/// How a block's attention is spread over an image: what each place gets of it, the mean over heads and queries.
public struct AttentionMap: Equatable, Sendable {
  /// Who looks at what.
  public enum Kind: Hashable, Sendable {
    /// Tokens at those of their own window of `side`² (LSA); padding neither looks nor is it shown.
    case local(side: Int)
    /// All tokens at summaries of r×r of them (GSA).
    case global(r: Int)
    /// The tokens that answer (class and distillation) at the patches.
    case answer
    /// The same through all blocks at once, each with its shortcut (Abnar & Zuidema 2020, "Quantifying Attention Flow in
    /// Transformers").
    case rollout
  }

  /// Whose attention it is.
  public let kind: Kind
  /// Places down.
  public let height: Int
  /// Places across.
  public let width: Int
  /// The image's pixels across a place; those that no place covers, at the right and the bottom, are not looked at.
  public let pixels: Int
  /// Row by row, what a place gets over an even share of what there is: 1 everywhere where all are looked at alike.
  public let shares: [Float]

  /// The mean of maps of the same kind and size.
  public static func mean(of maps: [AttentionMap]) -> AttentionMap? {
    guard let first = maps.first else { return nil }
    let shares = first.shares.indices.map { place in
      maps.reduce(0) { $0 + $1.shares[place] } / Float(maps.count)
    }
    return AttentionMap(
      kind: first.kind, height: first.height, width: first.width, pixels: first.pixels, shares: shares)
  }
}

extension AttentionMap {
  /// Of a block of a Twins network, whose tokens are `patch` pixels wide; nil of one that attends in another way.
  init?(_ layer: AttentionLayer, patch: Int) {
    switch layer.places {
    case .window(let side, let height, let width):
      let windows = Windowed(heads: layer.queries.shape[layer.queries.rank - 3], side, height, width)
      self.init(
        kind: .local(side: side), height: height, width: width, pixels: patch,
        shares: windows.shares(of: layer.probabilities.elements()))
    case .summaries(let r, let height, let width):
      let means = layer.means()
      self.init(
        kind: .global(r: r), height: height, width: width, pixels: patch * r,
        shares: means.map { $0 * Float(means.count) })
    case .tokens: return nil
    }
  }

  /// Of what is looked at by the tokens that answer, the first `front` of all `looks`, which belong to a square grid.
  init(_ kind: Kind, looks: [Float], front: Int, patch: Int) {
    let side = Int(Double(looks.count - front).squareRoot())
    self.init(
      kind: kind, height: side, width: side, pixels: patch,
      shares: looks.dropFirst(front).map { $0 * Float(looks.count) })
  }
}

extension AttentionLayer {
  /// Queries at once, so that a large image's matrix is never whole in memory.
  private static let most = 4096

  /// What each key gets, the mean over heads and queries of `[1, n, N, M]`.
  fileprivate func means() -> [Float] {
    let N = queries.shape[2]
    var means = [Float](repeating: 0, count: keys.shape[2])
    for start in stride(from: 0, to: N, by: Self.most) {
      let some = start..<min(N, start + Self.most)
      let part: [Float] = probabilities(of: some).mean(over: 2).mean(over: 1).elements()
      for key in means.indices { means[key] += part[key] * Float(some.count) / Float(N) }
    }
    return means
  }

  /// Row by row what each token looks at, the mean over the heads of `[1, n, N, N]`.
  func matrix() -> [Float] { probabilities.mean(over: 1).elements() }
}

/// The windows that a map is cut into, row by row, at the right and the bottom partly beyond it.
private struct Windowed {
  let heads: Int
  let side: Int
  let height: Int
  let width: Int

  init(heads: Int, _ side: Int, _ height: Int, _ width: Int) {
    (self.heads, self.side, self.height, self.width) = (heads, side, height, width)
  }

  private var across: Int { (width + side - 1) / side }

  /// Where a window's tokens lie in the map, by their number in the window; those beyond it are left out.
  private func tokens(of window: Int) -> [(number: Int, place: Int)] {
    let (top, left) = (window / across * side, window % across * side)
    return (0..<side * side).compactMap { number in
      let (y, x) = (top + number / side, left + number % side)
      return y < height && x < width ? (number, y * width + x) : nil
    }
  }

  /// Of probabilities `[windows, n, w·w, w·w]`: each token's part of the attention of its window's tokens, over an even part.
  func shares(of probabilities: [Float]) -> [Float] {
    let count = side * side
    var shares = [Float](repeating: 0, count: height * width)
    for window in 0..<probabilities.count / (heads * count * count) {
      let tokens = tokens(of: window)
      let weight = Float(count) / Float(heads * tokens.count)
      for head in 0..<heads {
        for (query, _) in tokens {
          let row = ((window * heads + head) * count + query) * count
          for (key, place) in tokens { shares[place] += weight * probabilities[row + key] }
        }
      }
    }
    return shares
  }
}
