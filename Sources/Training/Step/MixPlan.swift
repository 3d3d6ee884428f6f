import Randomness
import Recipe

/// How the images of one batch are mixed, as a value: Mixup (Zhang et al. 2018) and CutMix (Yun et al. 2019).
///
/// Image i's partner is image B-1-i, as in timm 0.3.2's `mixup.py`.
struct MixPlan: Equatable, Sendable {
  /// What one image keeps of itself, and how its partner comes in.
  struct Share: Equatable, Sendable {
    /// The image's own part of pixels and target, in 0…1.
    var own: Double
    /// Where the partner's pixels replace its own; nil blends the whole image.
    var box: Box?
  }

  /// Rows and columns of an image.
  struct Box: Equatable, Sendable {
    var rows: Range<Int>
    var columns: Range<Int>
  }

  /// One share an image.
  let shares: [Share]

  /// A plan of these shares.
  init(shares: [Share]) { self.shares = shares }

  /// The draws for a batch of `count` images of side `side`.
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
  /// One draw of the kind and the strength of mixing.
  init(_ mixing: Recipe.Mixing, _ side: Int, _ generator: inout KeyedGenerator) {
    self.init(own: 1, box: nil)
    guard generator.uniform() < mixing.probability else { return }
    let cuts =
      mixing.mixup > 0 && mixing.mixesRectangles
      ? generator.uniform() < mixing.switchProbability : mixing.mixesRectangles
    if cuts {
      let box = MixPlan.Box(mixing, side, &generator)
      // What the border cut off counts as the image's own.
      self.init(own: 1 - Double(box.rows.count * box.columns.count) / Double(side * side), box: box)
    } else {
      own = generator.beta(mixing.mixup)
    }
  }
}

extension MixPlan.Box {
  /// A square of random area around a random centre, or with bounds on its sides a rectangle inside the image.
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
