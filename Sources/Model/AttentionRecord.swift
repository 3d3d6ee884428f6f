import Torch

/// What the blocks of a network attend to, noted while a pass that is looked at goes on.
final class AttentionRecord {
  /// A block each, in the order of the pass.
  fileprivate(set) var layers: [AttentionLayer] = []
}

/// A block's attention: queries `[…, n, N, d]`, each of which looks at all keys `[…, n, M, d]`.
struct AttentionLayer {
  let queries: Tensor
  let keys: Tensor
  let places: AttendedPlaces

  /// `softmax(q · kᵀ / √d)`, float32 `[…, n, N, M]`, of some of the queries: what attention makes of unit vectors as values.
  func probabilities(of some: Range<Int>) -> Tensor {
    let (M, rank) = (keys.shape[keys.rank - 2], keys.rank)
    let units = (0..<M * M).map { Float($0 / M == $0 % M ? 1 : 0) }
    let values = Tensor(units, Array(repeating: 1, count: rank - 2) + [M, M])
      .cast(to: keys.dtype).moved(to: keys.device)
    return attention(queries.narrowed(rank - 2, to: some), keys, values).cast(to: .float32)
  }

  /// Of all queries.
  var probabilities: Tensor { probabilities(of: 0..<queries.shape[queries.rank - 2]) }
}

/// What the keys of a block are in its map.
enum AttendedPlaces {
  /// The tokens of the query's own window, of `side`², of a map.
  case window(side: Int, height: Int, width: Int)
  /// Summaries of r×r tokens each, as a smaller map.
  case summaries(r: Int, height: Int, width: Int)
  /// All tokens.
  case tokens
}

extension Pass {
  /// `softmax(q · kᵀ / √d) · v`, which is noted where somebody looks.
  func attention(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, to places: @autoclosure () -> AttendedPlaces
  ) -> Tensor {
    record?.layers.append(AttentionLayer(queries: q, keys: k, places: places()))
    return Torch.attention(q, k, v)
  }
}
