/// Numbers by rule: weights and inputs that this and `scripts/goldens/rule.py` both make for themselves, to the bit.
///
/// A golden file then holds only what PyTorch answers, not the weights that it was asked with.
public enum Rule {
  /// `splitmix64(fnv1a64(name) + i)` for every i below `count`.
  public static func bits(_ name: String, _ count: Int) -> [UInt64] {
    let start = hash(name.utf8)
    return (0..<UInt64(count)).map { splitmix64(start &+ $0) }
  }

  /// Uniform values in [-1, 1), 24 random bits each, exact in float32.
  public static func uniform(_ name: String, _ count: Int) -> [Float] {
    bits(name, count).map { Float($0 >> 40) * 0x1p-23 - 1 }
  }

  /// The weights of a parameter: spread by its fan-in, or near 1 for a norm, or small for a bias.
  public static func weights(_ name: String, _ shape: [Int]) -> [Float] {
    let count = shape.reduce(1, *)
    let values = uniform(name, count)
    if name.hasSuffix(".bias") { return values.map { 0.1 * $0 } }
    if shape.count == 1 { return values.map { 1 + 0.1 * $0 } }
    let bound = Float(3.0.squareRoot() / Double(count / shape[0]).squareRoot())
    return values.map { bound * $0 }
  }

  /// The 64-bit FNV-1a hash of bytes, for goldens that are too long to keep.
  public static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  private static func splitmix64(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
