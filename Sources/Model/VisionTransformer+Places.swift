import Torch

extension VisionTransformer {
  /// The layers of timm's `group_matcher`: everything before the blocks, each block, the last with the norm,
  /// and the heads.
  public var places: [NetworkPlace] {
    parameters.map { parameter in
      let name = parameter.name.split(separator: ".")
      switch name[0] {
      case "blocks": return place(1 + (Int(name[1]) ?? 0))
      case "norm": return place(dropRates.count / 2)
      case "head", "head_dist":
        return NetworkPlace(layer: dropRates.count / 2 + 1, stage: nil, isOfHead: true)
      default: return place(0)
      }
    }
  }

  private func place(_ layer: Int) -> NetworkPlace { NetworkPlace(layer: layer, stage: nil, isOfHead: false) }
}
