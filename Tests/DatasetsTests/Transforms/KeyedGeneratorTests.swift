import Randomness
import Testing

@testable import Datasets

@Suite struct KeyedGeneratorTests {
  @Test func `its numbers are those of the second implementation`() throws {
    let lines: [[UInt64]] = try Fixture.numbers("generator.txt")
    #expect(lines.count == 6)
    for line in lines {
      let stream = try #require(KeyedGenerator.Stream(rawValue: line[1]))
      var generator = KeyedGenerator(
        seed: line[0], stream: stream, epoch: Int(line[2]), index: Int(line[3]))
      #expect((0..<4).map { _ in generator.next() } == Array(line[4...]), "\(line)")
    }
  }

  @Test func `every part of the key matters`() {
    let keys = [
      KeyedGenerator(seed: 0, stream: .order, epoch: 0), KeyedGenerator(seed: 1, stream: .order, epoch: 0),
      KeyedGenerator(seed: 0, stream: .geometry, epoch: 0), KeyedGenerator(seed: 0, stream: .order, epoch: 1),
      KeyedGenerator(seed: 0, stream: .order, epoch: 0, index: 1),
      KeyedGenerator(seed: 0, stream: .order, epoch: -1),
    ]
    let first = keys.map { key in
      var generator = key
      return generator.next()
    }
    #expect(Set(first).count == keys.count)
  }

  @Test func `uniform numbers fill their range evenly`() {
    var generator = KeyedGenerator(seed: 3, stream: .geometry, epoch: 0)
    var counts = [Int](repeating: 0, count: 10)
    for _ in 0..<100_000 {
      let number = generator.uniform(in: -2...3)
      counts[Int((number + 2) * 2)] += 1
    }
    #expect(chiSquare(counts) < 27.9)  // 0.1 % of fair generators exceed it at 9 degrees of freedom
  }

  @Test(arguments: [1, 2, 3, 10, 1000]) func `whole numbers stay below their bound`(bound: Int) {
    var generator = KeyedGenerator(seed: 4, stream: .geometry, epoch: 0)
    let numbers = (0..<20_000).map { _ in generator.integer(below: bound) }
    #expect(Set(numbers) == Set(0..<bound))
  }

  @Test func `all orders of three are equally likely`() {
    var counts: [[Int]: Int] = [:]
    for epoch in 0..<60_000 {
      var generator = KeyedGenerator(seed: 5, stream: .order, epoch: epoch)
      counts[generator.permutation(of: 3), default: 0] += 1
    }
    #expect(counts.count == 6)
    #expect(chiSquare(Array(counts.values)) < 20.5)  // 0.1 % at 5 degrees of freedom
  }

  @Test(arguments: [0, 1, 2, 1000]) func `a permutation has everything once`(count: Int) {
    var generator = KeyedGenerator(seed: 6, stream: .order, epoch: 0)
    #expect(generator.permutation(of: count).sorted() == Array(0..<count))
  }

  private func chiSquare(_ counts: [Int]) -> Double {
    let expected = Double(counts.reduce(0, +)) / Double(counts.count)
    return counts.map { (Double($0) - expected) * (Double($0) - expected) / expected }.reduce(0, +)
  }
}
