import Randomness
import Testing

@testable import Datasets

/// What is drawn at random, against histograms of a million draws by timm's own code and generator.
@Suite struct DistributionTests {
  static let draws = 100_000

  @Test(arguments: [(500, 375), (96, 400)]) func `crops are spread as timm's`(
    width: Int, height: Int
  ) throws {
    let crops = (0..<Self.draws).map { index in
      var generator = KeyedGenerator(seed: 21, stream: .geometry, epoch: 0, index: index)
      return TrainTransform(size: 8).plan(width: width, height: height, generator: &generator).crop
    }
    try expect(crops, width, height, like: "crop,\(width),\(height)")
  }

  @Test(arguments: [(224, 0.25, 1), (64, 0.9, 3)])
  func `erased boxes are spread as timm's`(size: Int, probability: Double, count: Int) throws {
    let erasing = RandomErasing(probability: probability, count: count)
    let images = (0..<Self.draws).map {
      erasing.boxes(width: size, height: size, seed: 22, epoch: 0, view: $0)
    }
    try expect(images.flatMap { $0.map(\.region) }, size, size, like: "erase,\(size),\(count)")
    var numbers = [Int](repeating: 0, count: count + 1)
    for boxes in images { numbers[boxes.count] += 1 }
    #expect(ChiSquare(numbers, against: try timm("erase,\(size),\(count),number")).isPlausible)
  }

  @Test func `erasing is keyed by seed, epoch and view`() {
    let erasing = RandomErasing(probability: 1)
    func boxes(_ seed: UInt64, _ epoch: Int, _ view: Int) -> [RandomErasing.Box] {
      erasing.boxes(width: 224, height: 224, seed: seed, epoch: epoch, view: view)
    }
    #expect(boxes(1, 2, 3) == boxes(1, 2, 3))
    for other in [boxes(0, 2, 3), boxes(1, 0, 3), boxes(1, 2, 0)] {
      #expect(other != boxes(1, 2, 3))
      #expect(other.map(\.noiseSeed) != boxes(1, 2, 3).map(\.noiseSeed))
    }
  }

  @Test func `never and always are kept`() {
    let numbers = (0..<1000).map { view in
      [0, 1].map {
        RandomErasing(probability: $0).boxes(width: 224, height: 224, seed: 0, epoch: 0, view: view).count
      }
    }
    #expect(numbers.allSatisfy { $0[0] == 0 })
    #expect(numbers.contains { $0[1] == 1 })
  }

  @Test func `normal numbers are normal`() {
    var generator = KeyedGenerator(seed: 23, stream: .augment, epoch: 0)
    var bins = [Int](repeating: 0, count: 6)
    for _ in 0..<Self.draws { bins[max(0, min(5, Int((generator.normal() + 3).rounded(.down))))] += 1 }
    #expect(ChiSquare(bins, shares: [0.02275, 0.135905, 0.341345, 0.341345, 0.135905, 0.02275]).isPlausible)
  }

  @Test func `a split generator is another one, the same each time`() {
    var one = KeyedGenerator(seed: 1, stream: .geometry, epoch: 0)
    var split = one.split(for: .augment)
    var again = one.split(for: .augment)
    var other = one.split(for: .erasing)
    let numbers = [one.next(), split.next(), other.next()]
    #expect(Set(numbers).count == 3)
    #expect(again.next() == numbers[1])
  }

  private func expect(_ regions: [PixelRegion], _ width: Int, _ height: Int, like name: String) throws {
    var size = [Int](repeating: 0, count: 64)
    var left = [Int](repeating: 0, count: 10)
    var top = [Int](repeating: 0, count: 10)
    for region in regions {
      size[region.width * 8 / (width + 1) * 8 + region.height * 8 / (height + 1)] += 1
      left[region.x * 10 / (width - region.width + 1)] += 1
      top[region.y * 10 / (height - region.height + 1)] += 1
    }
    for (part, counts) in [("size", size), ("left", left), ("top", top)] {
      let fit = ChiSquare(counts, against: try timm("\(name),\(part)"))
      #expect(fit.isPlausible, "\(name),\(part): \(fit)")
    }
  }

  private func timm(_ name: String) throws -> [Int] {
    let line = try #require(Fixture.lines("augment/distributions.txt").first { $0.hasPrefix(name + " ") })
    return line.split(separator: " ").dropFirst().compactMap { Int($0) }
  }
}
