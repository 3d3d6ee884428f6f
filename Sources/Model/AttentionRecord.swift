import Torch

/// Collects each block's attention during a pass.
final class AttentionRecord {
  /// One entry per block, in the order of the pass.
  fileprivate(set) var layers: [AttentionLayer] = []
}

/// A block's attention: queries `[…, n, N, d]`, each of which attends to all keys `[…, n, M, d]`.
struct AttentionLayer {
  let queries: Tensor
  let keys: Tensor
  let places: AttendedPlaces

  /// `softmax(q · kᵀ / √d)` for some of the queries, float32 `[…, n, N, M]`, computed as attention with unit
  /// vectors as values.
  func probabilities(of some: Range<Int>) -> Tensor {
    let (M, rank) = (keys.shape[keys.rank - 2], keys.rank)
    let units = (0..<M * M).map { Float($0 / M == $0 % M ? 1 : 0) }
    let values = Tensor(units, Array(repeating: 1, count: rank - 2) + [M, M])
      .cast(to: keys.dtype).moved(to: keys.device)
    return attention(queries.narrowed(rank - 2, to: some), keys, values).cast(to: .float32)
  }

  /// The probabilities of all queries.
  var probabilities: Tensor { probabilities(of: 0..<queries.shape[queries.rank - 2]) }
}

/// What a block's keys stand for in its map.
enum AttendedPlaces {
  /// The tokens of the query's own window of `side`² tokens.
  case window(side: Int, height: Int, width: Int)
  /// Summaries of r×r tokens each, as a smaller map.
  case summaries(r: Int, height: Int, width: Int)
  /// All tokens.
  case tokens
}

extension Pass {
  /// `softmax(q · kᵀ / √d) · v`, recorded if the pass asks for it.
  func attention(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, to places: @autoclosure () -> AttendedPlaces
  ) -> Tensor {
    record?.layers.append(AttentionLayer(queries: q, keys: k, places: places()))
    return Torch.attention(q, k, v)
  }
}
