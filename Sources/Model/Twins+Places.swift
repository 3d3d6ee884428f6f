import Torch

extension Twins {
  /// The layers of timm's `group_matcher`: the first embedding; each block, with what precedes it in its
  /// stage or follows it at the end; and the head.
  public var places: [NetworkPlace] { parameters.map { place(of: $0.name.split(separator: ".")) } }

  private func place(of name: [Substring]) -> NetworkPlace {
    let depths = stages.map(\.blocks.count)
    let numbers = name.dropFirst().prefix(2).map { Int($0) ?? 0 }
    func layer(stage: Int, block: Int) -> Int { 1 + depths[..<stage].reduce(0, +) + block }
    func inStage(_ layer: Int) -> NetworkPlace {
      NetworkPlace(layer: layer, stage: numbers[0], isOfHead: false)
    }
    switch name[0] {
    case "patch_embeds" where numbers[0] == 0: return inStage(0)
    case "patch_embeds", "pos_block": return inStage(layer(stage: numbers[0], block: 0))
    case "blocks": return inStage(layer(stage: numbers[0], block: numbers[1]))
    case "norm": return NetworkPlace(layer: depths.reduce(0, +), stage: nil, isOfHead: false)
    default: return NetworkPlace(layer: depths.reduce(0, +) + 1, stage: nil, isOfHead: true)
    }
  }
}
