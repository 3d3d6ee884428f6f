import Glibc
import System

/// The checksum by which archives are published (RFC 1321); no protection against forgery.
struct MD5 {
  private var state: SIMD4<UInt32> = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476]
  private var pending: [UInt8] = []
  private var count = 0

  private static let block = 64
  private static let shifts: [UInt32] = [
    [7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21],
  ]
  .flatMap { turn in (0..<16).map { turn[$0 & 3] } }
  private static let sines: [UInt32] = (1...64).map { UInt32(abs(sin(Double($0))) * 0x1p32) }

  /// Continues with `bytes`.
  mutating func update(with bytes: UnsafeRawBufferPointer) {
    count += bytes.count
    var rest = bytes[...]
    if !pending.isEmpty {
      let missing = rest.prefix(Self.block - pending.count)
      pending += missing
      rest = rest.dropFirst(missing.count)
      guard pending.count == Self.block else { return }
      pending.withUnsafeBytes { mix($0) }
      pending = []
    }
    let whole = rest.count / Self.block * Self.block
    mix(UnsafeRawBufferPointer(rebasing: rest.prefix(whole)))
    pending = Array(rest.dropFirst(whole))
  }

  /// The checksum so far, in hexadecimal digits.
  var value: String {
    var last = self
    let zeros = (2 * Self.block - 9 - count % Self.block) % Self.block
    let padding = [0x80] + [UInt8](repeating: 0, count: zeros) + Self.bytes(of: UInt64(count) &* 8, 8)
    padding.withUnsafeBytes { last.update(with: $0) }
    let sum = (0..<4).flatMap { Self.bytes(of: UInt64(last.state[$0]), 4) }
    return sum.map { String($0, digits: 2, radix: 16) }.joined()
  }

  private static func bytes(of value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
  }

  private mutating func mix(_ blocks: UnsafeRawBufferPointer) {
    Self.sines.withUnsafeBufferPointer { sines in
      Self.shifts.withUnsafeBufferPointer { shifts in
        for start in stride(from: 0, to: blocks.count, by: Self.block) {
          state &+= Self.mixed(state, blocks, from: start, sines, shifts)
        }
      }
    }
  }

  private static func mixed(
    _ state: SIMD4<UInt32>, _ blocks: UnsafeRawBufferPointer, from start: Int,
    _ sines: UnsafeBufferPointer<UInt32>, _ shifts: UnsafeBufferPointer<UInt32>
  ) -> SIMD4<UInt32> {
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    for step in 0..<64 {
      let (mixed, word): (UInt32, Int) =
        switch step >> 4 {
        case 0: ((b & c) | (~b & d), step)
        case 1: ((d & b) | (~d & c), (5 * step + 1) & 15)
        case 2: (b ^ c ^ d, (3 * step + 5) & 15)
        default: (c ^ (b | ~d), (7 * step) & 15)
        }
      let input = UInt32(
        littleEndian: blocks.loadUnaligned(fromByteOffset: start + 4 * word, as: UInt32.self))
      let sum = a &+ mixed &+ sines[step] &+ input
      (a, d, c, b) = (d, c, b, b &+ (sum << shifts[step] | sum >> (32 - shifts[step])))
    }
    return [a, b, c, d]
  }
}
