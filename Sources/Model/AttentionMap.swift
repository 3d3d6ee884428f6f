import Torch

/// How a block's attention is distributed over an image: what each place receives, averaged over heads and
/// queries.
public struct AttentionMap: Equatable, Sendable {
  /// Which tokens attend to which.
  public enum Kind: Hashable, Sendable {
    /// Tokens to those of their own window of `side`² (LSA); padding is left out.
    case local(side: Int)
    /// All tokens to summaries of r×r of them (GSA).
    case global(r: Int)
    /// The class and distillation tokens to the patches.
    case answer
    /// The same through all blocks with their residual connections (Abnar & Zuidema 2020, "Quantifying
    /// Attention Flow in Transformers").
    case rollout
  }

  /// The kind of attention.
  public let kind: Kind
  /// The number of rows.
  public let height: Int
  /// The number of columns.
  public let width: Int
  /// The side of a place in pixels; pixels at the right and bottom that no place covers are ignored.
  public let pixels: Int
  /// Row by row, each place's share relative to an even distribution, where each has 1.
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
  /// Makes the map of a Twins block whose tokens are `patch` pixels wide; nil for another kind of attention.
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

  /// Makes a map from `looks`, what the front tokens attend to: `front` front tokens, then patches in a
  /// square grid.
  init(_ kind: Kind, looks: [Float], front: Int, patch: Int) {
    let side = Int(Double(looks.count - front).squareRoot())
    self.init(
      kind: kind, height: side, width: side, pixels: patch,
      shares: looks.dropFirst(front).map { $0 * Float(looks.count) })
  }
}

extension AttentionLayer {
  /// Queries per pass, so that a large image's matrix is never whole in memory.
  private static let most = 4096

  /// What each key receives, averaged over heads and queries of `[1, n, N, M]`.
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

  /// Row by row what each token attends to, averaged over the heads of `[1, n, N, N]`.
  func matrix() -> [Float] { probabilities.mean(over: 1).elements() }
}

/// A map cut into windows, row by row, which may extend beyond it at the right and bottom.
private struct Windowed {
  let heads: Int
  let side: Int
  let height: Int
  let width: Int

  init(heads: Int, _ side: Int, _ height: Int, _ width: Int) {
    (self.heads, self.side, self.height, self.width) = (heads, side, height, width)
  }

  private var across: Int { (width + side - 1) / side }

  /// A window's tokens that lie in the map: their number in the window, and their place in the map.
  private func tokens(of window: Int) -> [(number: Int, place: Int)] {
    let (top, left) = (window / across * side, window % across * side)
    return (0..<side * side).compactMap { number in
      let (y, x) = (top + number / side, left + number % side)
      return y < height && x < width ? (number, y * width + x) : nil
    }
  }

  /// Each token's attention, from probabilities `[windows, n, w·w, w·w]`, relative to an even share of its
  /// window's.
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
