import Glibc

/// A random number generator that is a pure function of its key: the same key gives the same bits on any
/// thread, rank or machine.
///
/// The key (seed, stream, epoch, index) is hashed into the state of a SplitMix64 (Steele, Lea and Flood,
/// "Fast Splittable Pseudorandom Number Generators", 2014). So an image's randomness depends on the image
/// alone, not on who decodes it or what was decoded before. Distributions are implemented here because the
/// standard library's algorithms may change between releases; those that use logarithms or powers depend on
/// the rounding of the machine's maths library.
public struct KeyedGenerator: RandomNumberGenerator, Equatable, Sendable {
  /// The purpose of the numbers; generators of different streams are independent.
  public enum Stream: UInt64, Sendable {
    /// The order of an epoch.
    case order = 0
    /// The geometry of one image.
    case geometry = 1
    /// Which branches of a network drop an image.
    case dropPath = 2
    /// The augmentation of one image's colours and shape.
    case augment = 3
    /// The boxes that are erased from one image.
    case erasing = 4
    /// How the images of a batch are mixed.
    case mixing = 5
    /// Which outputs of a layer are dropped.
    case dropout = 6
    /// Which images are held out when a folder is split.
    case division = 7
    /// The values of a sweep's run.
    case sweep = 8
  }

  private var state: UInt64

  /// Makes the generator of a key.
  public init(seed: UInt64, stream: Stream, epoch: Int, index: Int = 0) {
    state = Self.mix(seed &+ Self.step)
    for word in [stream.rawValue, UInt64(bitPattern: Int64(epoch)), UInt64(bitPattern: Int64(index))] {
      state = Self.mix((state ^ word) &+ Self.step)
    }
  }

  /// Returns a generator for another purpose, determined by this one's key and draws; they share no numbers.
  public func split(for stream: Stream) -> KeyedGenerator {
    var other = self
    other.state = Self.mix((state ^ stream.rawValue) &+ Self.step)
    return other
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    state &+= Self.step
    return Self.mix(state)
  }

  /// A number in [0, 1), a multiple of 2⁻⁵³.
  public mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A number between the bounds of `range`, as Python's `random.uniform` computes it.
  public mutating func uniform(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }

  /// An integer in 0..<`bound`, with a bias of less than `bound` / 2⁶⁴.
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0, "there is no number below \(bound)")
    return Int(UInt64(bound).multipliedFullWidth(by: next()).high)
  }

  /// A normally distributed number with mean 0 and standard deviation 1 (Box and Muller), from two draws.
  public mutating func normal() -> Double {
    let radius = sqrt(-2 * log(1 - uniform()))
    return radius * cos(2 * Double.pi * uniform())
  }

  /// The numbers 0..<`count` in random order (Fisher and Yates).
  public mutating func permutation(of count: Int) -> [Int] { permutation32(of: count).map { Int($0) } }

  /// The same with four bytes per number; `count` must be below 2³².
  public mutating func permutation32(of count: Int) -> [UInt32] {
    var order = (0..<count).map { UInt32($0) }
    shuffle(&order)
    return order
  }

  /// Shuffles the elements from `start` on.
  public mutating func shuffle<Element>(_ elements: inout [Element], from start: Int = 0) {
    for last in stride(from: elements.count - start - 1, to: 0, by: -1) {
      elements.swapAt(start + last, start + integer(below: last + 1))
    }
  }

  // 2⁶⁴ divided by the golden ratio, made odd.
  private static let step: UInt64 = 0x9e37_79b9_7f4a_7c15

  // Stafford's "Mix13" finaliser: every input bit changes about half of the output's.
  private static func mix(_ value: UInt64) -> UInt64 {
    var bits = value
    bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
    return bits ^ (bits >> 31)
  }

  /// A draw from the Beta(a, a) distribution, `a` above 0: the first of two gamma draws as a share of their
  /// sum.
  public mutating func beta(_ a: Double) -> Double {
    let first = gamma(a)
    let both = first + gamma(a)
    // Both may underflow if `a` is tiny: then all the weight is on one side.
    return both > 0 ? first / both : (uniform() < 0.5 ? 0 : 1)
  }

  /// A draw from the gamma distribution of shape `a` and scale 1 (Marsaglia and Tsang 2000).
  private mutating func gamma(_ a: Double) -> Double {
    guard a >= 1 else { return gamma(a + 1) * pow(1 - uniform(), 1 / a) }
    let d = a - 1.0 / 3
    let c = 1 / sqrt(9 * d)
    while true {
      let x = normal()
      let v = pow(1 + c * x, 3)
      if v > 0, log(1 - uniform()) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
    }
  }
}
