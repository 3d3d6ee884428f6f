import Randomness
import Recipe
import Torch

/// Draws how the images of a batch and their targets are mixed.
struct Mixing {
  private let mixing: Recipe.Mixing
  private let smoothed: SmoothedTargets
  private let seed: UInt64

  /// Nil when the recipe mixes nothing.
  init?(_ recipe: Recipe, classes: Int) {
    guard recipe.mixing.isOn else { return nil }
    mixing = recipe.mixing
    smoothed = SmoothedTargets(classes: classes, smoothing: recipe.smoothing)
    seed = recipe.seed
  }

  /// The draws for a batch; `draw` is its number in the whole run, over all ranks.
  func plan(count: Int, side: Int, epoch: Int, draw: Int) -> MixPlan {
    var generator = KeyedGenerator(seed: seed, stream: .mixing, epoch: epoch, index: draw)
    return MixPlan(mixing, count: count, side: side, generator: &generator)
  }

  /// The distributions `[B, K]` to learn of images mixed by `plan`.
  func targets(_ labels: [Int], by plan: MixPlan) -> Tensor { smoothed(labels, plan.shares.map(\.own)) }
}

/// A plan with its factors as tensors: what the mixing of a batch reads.
struct Mix {
  private let plan: MixPlan
  /// What images and their partners are multiplied by, `[B, 1, 1, 1]` each; nil where none is blended.
  private let factors: (own: Tensor, partners: Tensor)?

  /// The factors of a plan, on the CPU: images that have a box keep all of their own pixels when others are blended.
  init(_ plan: MixPlan) {
    let own = plan.shares.map { $0.box == nil ? Float($0.own) : 1 }
    let shape = [own.count, 1, 1, 1]
    let isBlended = own.contains { $0 != 1 }
    self.init(plan, isBlended ? (Tensor(own, shape), Tensor(own.map { 1 - $0 }, shape)) : nil)
  }

  private init(_ plan: MixPlan, _ factors: (own: Tensor, partners: Tensor)?) {
    self.plan = plan
    self.factors = factors
  }

  /// The same mix on a device.
  func moved(to device: Device) -> Mix {
    Mix(plan, factors.map { ($0.own.moved(to: device), $0.partners.moved(to: device)) })
  }

  /// Normalised images `[B, 3, S, S]`, which may be written over, mixed.
  func callAsFunction(_ images: Tensor) -> Tensor {
    let partners = images.flipped(0)
    let mixed = factors.map { images * $0.own + partners * $0.partners } ?? images
    for (i, share) in plan.shares.enumerated() {
      guard let box = share.box, !box.rows.isEmpty, !box.columns.isEmpty else { continue }
      mixed.part(i, box).copy(from: partners.part(i, box))
    }
    return mixed
  }
}

extension Tensor {
  /// A view of a box of image `index` in a batch `[B, 3, H, W]`.
  fileprivate func part(_ index: Int, _ box: MixPlan.Box) -> Tensor {
    selected(0, index).narrowed(1, to: box.rows).narrowed(2, to: box.columns)
  }
}

/// Distributions over the classes with label smoothing inside (timm `mixup_target`): off = s/K, on = 1 - s + s/K.
struct SmoothedTargets {
  let classes: Int
  let smoothing: Double

  /// `[B, K]` float32: an image's own class with its share, its partner's class with the rest.
  func callAsFunction(_ labels: [Int], _ own: [Double]) -> Tensor {
    let off = smoothing / Double(classes)
    var values = [Float](repeating: Float(off), count: labels.count * classes)
    for (i, label) in labels.enumerated() {
      let partner = labels[labels.count - 1 - i]
      values[i * classes + label] += Float((1 - smoothing) * own[i])
      values[i * classes + partner] += Float((1 - smoothing) * (1 - own[i]))
    }
    return Tensor(values, [labels.count, classes])
  }
}
