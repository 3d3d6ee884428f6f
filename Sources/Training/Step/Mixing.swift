import Randomness
import Recipe
import Torch

/// Mixes the pictures of a batch and their targets.
struct Mixing {
  private let mixing: Recipe.Mixing
  private let targets: SmoothedTargets
  private let seed: UInt64

  /// Nil when the recipe mixes nothing.
  init?(_ recipe: Recipe, classes: Int) {
    guard recipe.mixing.isOn else { return nil }
    mixing = recipe.mixing
    targets = SmoothedTargets(classes: classes, smoothing: recipe.smoothing)
    seed = recipe.seed
  }

  /// The draws for a batch; `draw` is its number in the whole run, over all ranks.
  func plan(count: Int, side: Int, epoch: Int, draw: Int) -> MixPlan {
    var generator = KeyedGenerator(seed: seed, stream: .mixing, epoch: epoch, index: draw)
    return MixPlan(mixing, count: count, side: side, generator: &generator)
  }

  /// Normalised pictures `[B, 3, S, S]`, which may be written over, mixed by `plan`, and the distributions `[B, K]` to learn.
  func mixed(_ pictures: Tensor, _ labels: [Int], by plan: MixPlan) -> (pictures: Tensor, targets: Tensor) {
    (apply(plan, to: pictures), targets(labels, plan.shares.map(\.own)).moved(to: pictures.device))
  }

  private func apply(_ plan: MixPlan, to pictures: Tensor) -> Tensor {
    let partners = pictures.flipped(0)
    let mixed = blend(plan, pictures, partners)
    for (i, share) in plan.shares.enumerated() {
      guard let box = share.box, !box.rows.isEmpty, !box.columns.isEmpty else { continue }
      mixed.part(i, box).copy(from: partners.part(i, box))
    }
    return mixed
  }

  /// Blends pictures that have no box; those that have one keep all of their own pixels for now.
  private func blend(_ plan: MixPlan, _ pictures: Tensor, _ partners: Tensor) -> Tensor {
    let own = plan.shares.map { $0.box == nil ? Float($0.own) : 1 }
    if own.allSatisfy({ $0 == 1 }) { return pictures }
    func factors(_ values: [Float]) -> Tensor {
      Tensor(values, [values.count, 1, 1, 1]).moved(to: pictures.device)
    }
    return pictures * factors(own) + partners * factors(own.map { 1 - $0 })
  }
}

extension Tensor {
  /// A view of a box of picture `index` in a batch `[B, 3, H, W]`.
  fileprivate func part(_ index: Int, _ box: MixPlan.Box) -> Tensor {
    selected(0, index).narrowed(1, to: box.rows).narrowed(2, to: box.columns)
  }
}

/// Distributions over the classes with label smoothing inside (timm `mixup_target`): off = s/K, on = 1 - s + s/K.
struct SmoothedTargets {
  let classes: Int
  let smoothing: Double

  /// `[B, K]` float32: a picture's own class with its share, its partner's class with the rest.
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
