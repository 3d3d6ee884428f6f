public import Torch

/// Where a network attends in an image.
public struct AttentionMaps: Equatable, Sendable {
  /// The maps of each stage's blocks, in the order of a pass.
  public let stages: [[AttentionMap]]
  /// Attention rollout through all blocks; nil for networks whose blocks do not all attend over the same
  /// tokens.
  public let rollout: AttentionMap?
}

extension Twins {
  /// Where the network attends in a normalised image `[1, 3, H, W]`, with products of `computeType`.
  public func attentionMaps(of image: Tensor, computeType: DType) -> AttentionMaps {
    var layers = layers(image, computeType)[...]
    var patch = 1
    let maps = zip(configuration.stages, stages).map { shape, stage in
      patch *= shape.patch
      defer { layers = layers.dropFirst(stage.blocks.count) }
      return layers.prefix(stage.blocks.count).compactMap { AttentionMap($0, patch: patch) }
    }
    return AttentionMaps(stages: maps, rollout: nil)
  }
}

extension VisionTransformer {
  /// Where the network attends in a normalised image `[1, 3, H, W]`, with products of `computeType`.
  public func attentionMaps(of image: Tensor, computeType: DType) -> AttentionMaps {
    let matrices = layers(image, computeType).map { $0.matrix() }
    let tokens = Int(Double(matrices[0].count).squareRoot())
    let answering = (0..<tokens).map { $0 < front.count ? 1 / Float(front.count) : 0 }
    func map(_ kind: AttentionMap.Kind, _ looks: [Float]) -> AttentionMap {
      AttentionMap(kind, looks: looks, front: front.count, patch: shape.patch)
    }
    // From the output back to the patches: half of each token comes through the residual connection.
    let rollout = matrices.reversed().reduce(answering) { looks, matrix in
      zip(looks, product(looks, matrix)).map { ($0 + $1) / 2 }
    }
    return AttentionMaps(
      stages: [matrices.map { map(.answer, product(answering, $0)) }], rollout: map(.rollout, rollout))
  }
}

extension Network {
  /// Runs a pass and returns each block's attention.
  func layers(_ image: Tensor, _ computeType: DType) -> [AttentionLayer] {
    let record = AttentionRecord()
    _ = self(image, .looking(record, computeType: computeType))
    return record.layers
  }
}

/// A row vector times a square matrix.
private func product(_ row: [Float], _ matrix: [Float]) -> [Float] {
  var product = [Float](repeating: 0, count: row.count)
  for (i, factor) in row.enumerated() where factor != 0 {
    for j in product.indices { product[j] += factor * matrix[i * row.count + j] }
  }
  return product
}
