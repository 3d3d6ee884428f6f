import Randomness
import Testing

@testable import Datasets

@Suite struct RandAugmentTests {
  @Test func `the reference's setting is read`() throws {
    let augment = try RandAugment(parsing: "rand-m9-mstd0.5-inc1")
    #expect(augment.magnitude == 9)
    #expect(augment.count == 2)
    #expect(augment.deviation == 0.5)
    #expect(augment.isIncreasing)
    #expect(!augment.isWeighted)
  }

  @Test func `sections come in any order, and may all be left out`() throws {
    #expect(try RandAugment(parsing: "rand") == RandAugment())
    let augment = try RandAugment(parsing: "rand-w0-n3-mstd1-m07")
    #expect(augment.magnitude == 7)
    #expect(augment.count == 3)
    #expect(augment.deviation == 1)
    #expect(augment.isWeighted && !augment.isIncreasing)
    // The text "0" is true where timm 0.3.2 reads it.
    #expect(try RandAugment(parsing: "rand-inc0").isIncreasing)
  }

  @Test(arguments: ["", "original", "augmix-m3", "v0", "Rand-m9", "m9"])
  func `another policy is refused by name`(configuration: String) {
    let error = #expect(throws: RandAugmentError.self) { try RandAugment(parsing: configuration) }
    #expect(error?.description.contains("RandAugment is the only one") == true)
  }

  @Test(arguments: ["x1", "Cutout", "mst0.5", "", "9", "magnitude9"])
  func `an unknown section is refused`(section: String) {
    let configuration = "rand-m9-\(section)"
    #expect(throws: RandAugmentError.unknownSection(section, configuration: configuration)) {
      try RandAugment(parsing: configuration)
    }
  }

  @Test(arguments: ["m", "m9.5", "m9x", "n", "n1e3", "mstd", "mstd0.5.1", "inc", "inc1.0", "w1", "w"])
  func `a section with a bad value is refused with what was expected`(section: String) throws {
    let error = #expect(throws: RandAugmentError.self) { try RandAugment(parsing: "rand-\(section)") }
    let start = "bad section \"\(section)\" in --aa rand-\(section): expected "
    #expect(error?.description.hasPrefix(start) == true)
  }

  @Test func `more weighted operations than there are is refused`() throws {
    #expect(try RandAugment(parsing: "rand-n13-w0").count == 13)
    #expect(throws: RandAugmentError.self) { try RandAugment(parsing: "rand-n14-w0") }
  }

  @Test func `all pairs of operations are equally likely`() {
    let augment = RandAugment()
    var pairs = [Int](repeating: 0, count: 225)
    var carriedOut = [0, 0, 0]
    for index in 0..<100_000 {
      let names = draw(augment, index).map(\.name)
      carriedOut[names.count] += 1
      guard names.count == 2 else { continue }
      pairs[place(names[0]) * 15 + place(names[1])] += 1
    }
    #expect(ChiSquare(carriedOut, shares: [0.25, 0.5, 0.25]).isPlausible)
    #expect(ChiSquare(pairs).isPlausible)
  }

  @Test func `weighted operations come by their weights and never twice`() {
    var augment = RandAugment()
    augment.isWeighted = true
    augment.count = 13
    var first = [Int](repeating: 0, count: 15)
    for index in 0..<50_000 {
      let names = draw(augment, index).map(\.name)
      #expect(Set(names).count == names.count)
    }
    augment.count = 1
    for index in 0..<100_000 { draw(augment, index).first.map { first[place($0.name)] += 1 } }
    let weights = RandAugment.Kind.allCases.map(\.weight)
    #expect(weights.reduce(0, +) == 1000)
    #expect(first[place("invert")] == 0 && first[place("posterize")] == 0)
    let possible = weights.indices.filter { weights[$0] > 0 }
    let shares = possible.map { Double(weights[$0]) / 1000 }
    #expect(ChiSquare(possible.map { first[$0] }, shares: shares).isPlausible)
  }

  @Test func `levels are normal about the magnitude and end at ten, directions are even`() throws {
    let augment = try RandAugment(parsing: "rand-m9-mstd0.5-inc1")
    var levels = [0, 0, 0, 0, 0]
    var directions = [0, 0]
    for index in 0..<100_000 {
      for case .rotate(let degrees, _) in draw(augment, index) {
        let level = abs(degrees) / 3
        levels[level >= 10 ? 4 : max(0, min(3, Int(((level - 8) * 2).rounded(.down))))] += 1
        directions[degrees < 0 ? 1 : 0] += 1
      }
    }
    // Below 8.5, to 9, to 9.5, to 10, and all that would lie beyond: P(z < -1), P(z < 0), …
    #expect(levels.reduce(0, +) > 6_000)
    #expect(ChiSquare(levels, shares: [0.1587, 0.3413, 0.3413, 0.1360, 0.0227]).isPlausible)
    #expect(ChiSquare(directions).isPlausible)
  }

  @Test func `one image in forty of those posterized is black`() throws {
    let augment = try RandAugment(parsing: "rand-m9-mstd0.5-inc1")
    var counts = [0, 0]
    for index in 0..<200_000 {
      for case .posterize(let bits) in draw(augment, index) { counts[bits == 0 ? 1 : 0] += 1 }
    }
    #expect(ChiSquare(counts, shares: [0.97725, 0.02275]).isPlausible)
  }

  @Test func `a random interpolation is drawn for each operation`() {
    var counts = [Interpolation: Int]()
    for index in 0..<20_000 {
      for case .shearX(_, let filter) in draw(RandAugment(), index, .random) {
        counts[filter, default: 0] += 1
      }
    }
    #expect(ChiSquare(Array(counts.values)).isPlausible)
    #expect(counts.count == 2)
  }

  @Test func `colour jitter draws its factors evenly and its order at random`() {
    var factors = [Int](repeating: 0, count: 8)
    var orders: [[String]: Int] = [:]
    for index in 0..<30_000 {
      var generator = KeyedGenerator(seed: 1, stream: .augment, epoch: 0, index: index)
      var operations: [ImageOperation] = []
      ColorJitter(0.4).draw(into: &operations, generator: &generator)
      orders[operations.map(\.name), default: 0] += 1
      for case .contrast(let factor) in operations { factors[Int((factor - 0.6) * 10)] += 1 }
    }
    #expect(orders.count == 6)
    #expect(ChiSquare(Array(orders.values)).isPlausible)
    #expect(ChiSquare(factors).isPlausible)
  }

  @Test func `jitter is for those without RandAugment, and none is none`() {
    var generator = KeyedGenerator(seed: 1, stream: .geometry, epoch: 0)
    let jitter = TrainTransform(size: 8, colorJitter: ColorJitter(0.4))
    #expect(jitter.plan(width: 20, height: 20, generator: &generator).operations.count == 3)
    var none = RandAugment()
    none.count = 0
    let both = TrainTransform(size: 8, augmentation: none, colorJitter: ColorJitter(0.4))
    #expect(both.plan(width: 20, height: 20, generator: &generator).operations.isEmpty)
    var operations = [ImageOperation.invert]
    ColorJitter(0).draw(into: &operations, generator: &generator)
    #expect(operations == [.invert])
  }

  @Test func `augmentation leaves crops and flips as they were`() throws {
    let plain = TrainTransform(size: 8)
    let augmented = TrainTransform(size: 8, augmentation: try RandAugment(parsing: "rand-m9-mstd0.5-inc1"))
    for index in 0..<50 {
      var one = KeyedGenerator(seed: 1, stream: .geometry, epoch: 0, index: index)
      var other = one
      let expected = plain.plan(width: 30, height: 20, generator: &one)
      var plan = augmented.plan(width: 30, height: 20, generator: &other)
      plan.operations = []
      #expect(plan == expected)
    }
  }

  private func draw(
    _ augment: RandAugment, _ index: Int, _ interpolation: TrainInterpolation = .always(.bicubic)
  ) -> [ImageOperation] {
    var generator = KeyedGenerator(seed: 11, stream: .augment, epoch: 0, index: index)
    var operations: [ImageOperation] = []
    augment.draw(into: &operations, interpolation: interpolation, generator: &generator)
    return operations
  }

  private func place(_ name: String) -> Int {
    RandAugment.Kind.allCases.firstIndex { "\($0)" == name } ?? -1
  }
}

extension ImageOperation {
  /// The case without its numbers.
  fileprivate var name: String {
    switch self {
    case .autoContrast: "autoContrast"
    case .equalize: "equalize"
    case .invert: "invert"
    case .posterize: "posterize"
    case .solarize: "solarize"
    case .solarizeAdd: "solarizeAdd"
    case .color: "color"
    case .contrast: "contrast"
    case .brightness: "brightness"
    case .sharpness: "sharpness"
    case .rotate: "rotate"
    case .shearX: "shearX"
    case .shearY: "shearY"
    case .translateX: "translateX"
    case .translateY: "translateY"
    }
  }
}
