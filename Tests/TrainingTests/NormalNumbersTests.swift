import CKernels
import Foundation
import TestSupport
import Testing

@Suite struct NormalNumbersTests {
  /// What Philox4x32-10 and Box and Muller's method give in double precision: `scripts/goldens/normals.py`.
  private struct Golden: Decodable {
    let key: String
    let numbers: [Double]
  }

  private func numbers(_ count: Int, key: UInt64) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { memory, written in
      floats_normal(memory.baseAddress, count, key)
      written = count
    }
  }

  @Test func `normal numbers are those of Philox, but for their rounding`() throws {
    let data = try Data(contentsOf: TestSupport.Golden.url("normals.json", in: .module))
    let goldens = try JSONDecoder().decode([Golden].self, from: data)
    #expect(goldens.count == 5)
    for golden in goldens {
      let numbers = numbers(golden.numbers.count, key: try #require(UInt64(golden.key)))
      for (number, expected) in zip(numbers, golden.numbers) {
        #expect(abs(Double(number) - expected) < 1e-6)
      }
    }
  }

  @Test func `a number depends on its index and key alone`() {
    let many = numbers(1000, key: 7)
    for count in [0, 1, 15, 16, 63, 64, 65, 999] { #expect(numbers(count, key: 7) == Array(many[..<count])) }
    #expect(Set(many).count > 990)
    #expect(Set(many).isDisjoint(with: numbers(1000, key: 8)))
  }

  @Test func `their distribution is the normal one`() {
    let numbers = (0..<100).flatMap { self.numbers(10_000, key: $0) }.map(Double.init)
    let count = Double(numbers.count)
    func moment(_ power: Int) -> Double {
      numbers.reduce(0) { $0 + pow($1, Double(power)) } / count
    }
    // Each bound is five standard errors of that moment.
    #expect(abs(moment(1)) < 5 / count.squareRoot())
    #expect(abs(moment(2) - 1) < 5 * (2 / count).squareRoot())
    #expect(abs(moment(3)) < 5 * (15 / count).squareRoot())
    #expect(abs(moment(4) - 3) < 5 * (96 / count).squareRoot())
    let beyondTwo = numbers.reduce(0.0) { $0 + (abs($1) > 2 ? 1 : 0) } / count
    #expect(abs(beyondTwo - 0.045500) < 5 * (0.0455 / count).squareRoot())
    // Neighbours have nothing to do with each other, nor numbers of one counter.
    for distance in [1, 16, 32, 48, 64] {
      let product = zip(numbers, numbers.dropFirst(distance)).reduce(0) { $0 + $1.0 * $1.1 } / count
      #expect(abs(product) < 5 / count.squareRoot())
    }
  }
}
