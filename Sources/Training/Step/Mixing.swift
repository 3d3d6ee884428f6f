import Randomness
import Recipe
import Torch

/// Draws how the images of a batch and their targets are mixed (Mixup, CutMix).
struct Mixing {
  private let mixing: Recipe.Mixing
  private let smoothed: SmoothedTargets
  private let seed: UInt64

  /// Makes nil when the recipe mixes nothing.
  init?(_ recipe: Recipe, classes: Int) {
    guard recipe.mixing.isOn else { return nil }
    mixing = recipe.mixing
    smoothed = SmoothedTargets(classes: classes, smoothing: recipe.smoothing)
    seed = recipe.seed
  }

  /// Draws the plan for a batch; `draw` is the batch's number in the whole run, over all ranks.
  func plan(count: Int, side: Int, epoch: Int, draw: Int) -> MixPlan {
    if let off = mixing.offEpoch, epoch >= off {
      // A plan that mixes nothing but has the same shapes, for a card that replays a step.
      return MixPlan(shares: Array(repeating: MixPlan.Share(own: 1, box: nil), count: count))
    }
    var generator = KeyedGenerator(seed: seed, stream: .mixing, epoch: epoch, index: draw)
    return MixPlan(mixing, count: count, side: side, generator: &generator)
  }

  /// Returns the target distributions `[B, K]` of images mixed by `plan`.
  func targets(_ labels: [Int], by plan: MixPlan) -> Tensor { smoothed(labels, plan.shares.map(\.own)) }
}

/// A mixing plan as tensors.
struct Mix {
  /// The factors of images and of their partners, `[B, 1, 1, 1]` each.
  private let (own, partners): (Tensor, Tensor)
  /// Bytes that are 1 in the rows of an image's box, `[B, S, 1, 1]`, and in its columns, `[B, 1, S, 3]`.
  ///
  /// The columns are repeated for each channel, so that the processor works through whole rows, not pixels.
  private let (rows, columns): (Tensor, Tensor)

  /// Makes the tensors of a plan on the CPU. Where other images of the batch are blended, an image with a box
  /// has factor 1.
  init(_ plan: MixPlan, side: Int) {
    let (shares, count) = (plan.shares, plan.shares.count)
    let own = shares.map { $0.box == nil ? Float($0.own) : 1 }
    func bytes(_ length: Int, _ isInside: (MixPlan.Box, Int) -> Bool) -> [UInt8] {
      shares.flatMap { share in (0..<length).map { i in share.box.map { isInside($0, i) } == true ? 1 : 0 } }
    }
    self.init(
      Tensor(own, [count, 1, 1, 1]), Tensor(own.map { 1 - $0 }, [count, 1, 1, 1]),
      rows: Tensor(bytes(side) { $0.rows.contains($1) }, [count, side, 1, 1]),
      columns: Tensor(bytes(3 * side) { $0.columns.contains($1 / 3) }, [count, 1, side, 3]))
  }

  private init(_ own: Tensor, _ partners: Tensor, rows: Tensor, columns: Tensor) {
    (self.own, self.partners, self.rows, self.columns) = (own, partners, rows, columns)
  }

  /// Returns the mix with each tensor replaced by `other`'s.
  func map(_ other: (Tensor) -> Tensor) -> Mix {
    Mix(other(own), other(partners), rows: other(rows), columns: other(columns))
  }

  /// Mixes normalised images `[B, S, S, 3]` in place.
  func callAsFunction(_ images: Tensor) -> Tensor {
    let partners = images.flipped(0)
    // In place: each temporary of this size would be freed and faulted in again every step.
    images.multiply(by: own)
    images.add(partners * self.partners)
    return images.replaced(where: rows * columns, by: partners)
  }
}

/// Target distributions with label smoothing (timm `mixup_target`): off = s/K, on = 1 - s + s/K.
struct SmoothedTargets {
  let classes: Int
  let smoothing: Double

  /// Returns `[B, K]` float32: the image's own class with its share, its partner's class with the rest.
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

/// How the images of one batch are mixed: Mixup (Zhang et al. 2018) and CutMix (Yun et al. 2019).
///
/// Image i's partner is image B-1-i, as in timm 0.3.2's `mixup.py`.
struct MixPlan: Equatable, Sendable {
  /// How much of itself an image keeps, and how its partner is mixed in.
  struct Share: Equatable, Sendable {
    /// The image's own share of pixels and target, in 0…1.
    var own: Double
    /// Where the partner's pixels replace the image's; nil blends the whole image.
    var box: Box?
  }

  /// A rectangle of rows and columns.
  struct Box: Equatable, Sendable {
    var rows: Range<Int>
    var columns: Range<Int>
  }

  /// One share per image.
  let shares: [Share]

  /// Makes a plan of these shares.
  init(shares: [Share]) { self.shares = shares }

  /// Draws a plan for `count` images with sides of `side` pixels.
  init(_ mixing: Recipe.Mixing, count: Int, side: Int, generator: inout KeyedGenerator) {
    precondition(count.isMultiple(of: 2), "a batch of \(count) images has no pairs")
    switch mixing.mode {
    case .batch:
      shares = Array(repeating: Share(mixing, side, &generator), count: count)
    case .pair:
      let half = (0..<count / 2).map { _ in Share(mixing, side, &generator) }
      shares = half + half.reversed()
    case .elem:
      shares = (0..<count).map { _ in Share(mixing, side, &generator) }
    }
  }
}

extension MixPlan.Share {
  /// Draws the kind and the strength of mixing.
  init(_ mixing: Recipe.Mixing, _ side: Int, _ generator: inout KeyedGenerator) {
    self.init(own: 1, box: nil)
    guard generator.uniform() < mixing.probability else { return }
    let cuts =
      mixing.mixup > 0 && mixing.mixesRectangles
      ? generator.uniform() < mixing.switchProbability : mixing.mixesRectangles
    if cuts {
      let box = MixPlan.Box(mixing, side, &generator)
      // The part of the box that the border cuts off counts as the image's own.
      self.init(own: 1 - Double(box.rows.count * box.columns.count) / Double(side * side), box: box)
    } else {
      own = generator.beta(mixing.mixup)
    }
  }
}

extension MixPlan.Box {
  /// Draws a square of random area around a random centre, or, where the recipe bounds its sides, a rectangle
  /// inside the image.
  init(_ mixing: Recipe.Mixing, _ side: Int, _ generator: inout KeyedGenerator) {
    if let bounds = mixing.cutmixMinMax {
      rows = Self.inside(side, bounds, &generator)
      columns = Self.inside(side, bounds, &generator)
    } else {
      let ratio = (1 - generator.beta(mixing.cutmix)).squareRoot()
      let half = Int(Double(side) * ratio) / 2
      rows = Self.around(generator.integer(below: side), half, side)
      columns = Self.around(generator.integer(below: side), half, side)
    }
  }

  private static func around(_ centre: Int, _ half: Int, _ side: Int) -> Range<Int> {
    max(0, centre - half)..<min(side, centre + half)
  }

  private static func inside(_ side: Int, _ bounds: [Double], _ generator: inout KeyedGenerator) -> Range<Int>
  {
    let lowest = Int(Double(side) * bounds[0])
    let length = lowest + generator.integer(below: max(1, Int(Double(side) * bounds[1]) - lowest))
    let start = generator.integer(below: side - length + 1)
    return start..<(start + length)
  }
}
