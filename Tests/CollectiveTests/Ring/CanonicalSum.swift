@testable import Collective

/// The plain sum over groups of consecutive ranks: block b from group ⌊b / g⌋ + 1 on, once round, and in each group from its
/// rank b + 1 on.
func canonicalSum(_ contributions: [[Float]], blockLength: Int, group: Int) -> [Float] {
  let groups = contributions.count / group
  return contributions[0].indices.map { index in
    let block = index / blockLength
    let sums = (0..<groups).map { first in
      let own = contributions[first * group..<(first + 1) * group].map { $0[index] }
      return (2..<group + 1).reduce(own[(block + 1) % group]) { $0 + own[(block + $1) % group] }
    }
    return (2..<groups + 1).reduce(sums[(block / group + 1) % groups]) {
      $0 + sums[(block / group + $1) % groups]
    }
  }
}

/// The plain sum that every ring must equal to the bit: block b from rank b + 1 on, once round, ending at rank b.
func canonicalSum(_ contributions: [[Float]], blockLength: Int) -> [Float] {
  let size = contributions.count
  return contributions[0].indices.map { index in
    let owner = (index / blockLength) % size
    var sum = contributions[(owner + 1) % size][index]
    for step in 2..<(size + 1) { sum += contributions[(owner + step) % size][index] }
    return sum
  }
}

/// Floats whose sum depends on the order: random digits over thirty powers of two, the same in every process.
func roughFloats(count: Int, rank: Int) -> [Float] {
  var state = UInt64(rank + 1) &* 0x9E37_79B9_7F4A_7C15
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    let digits = Float(Int32(truncatingIfNeeded: state >> 32))
    return digits * Float(sign: .plus, exponent: Int(state >> 27) & 31, significand: 1)
  }
}

extension [Float] {
  /// Each number's bits: equality of these tells -0 from 0 and one NaN from another.
  var bits: [UInt32] { map(\.bitPattern) }

  /// How many numbers have other bits than their counterparts.
  func differences(from other: [Float]) -> Int {
    Swift.max(count, other.count) - zip(bits, other.bits).filter { $0 == $1 }.count
  }
}
