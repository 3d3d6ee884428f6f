import Collective
import Glibc
import Recipe
import System
import Torch
import Wire

/// Times sums over a group, in turns with the copy that no sum can beat.
final class AllReduceMeasurement {
  /// The CRC-32C of the sum, the same on all ranks.
  private(set) var checksum: UInt32 = 0

  private let group: any ProcessGroup
  /// The ranks that share a clock.
  private let hostSize: Int
  private let floats: any SummedFloats

  private static let warmUps = 2

  /// What one repeat took, from the moment at which a host's first rank began to that at which its last one was done, on the
  /// host where that was longest.
  struct Sample: Equatable {
    let seconds: Double
    let copySeconds: Double
    /// Processor time of all ranks for the sum.
    let processorSeconds: Double
  }

  /// What one rank saw of a repeat; the moments are on the clock that all processes of a host share.
  private struct Observation: BitwiseCopyable {
    var copy = (start: 0.0, end: 0.0)
    var sum = (start: 0.0, end: 0.0)
    var processorSeconds = 0.0
  }

  /// Makes the floats where a device computes; all ranks at once.
  init(
    _ group: any ProcessGroup, on device: Device, hostSize: Int, count: Int
  ) throws(CollectiveError) {
    self.group = group
    self.hostSize = hostSize
    let input = (0..<count).map { roughValue(at: $0, rank: group.rank) }
    floats =
      device == .cpu
      ? try HostFloats(input, of: group) : try CardFloats(input, on: device, of: group)
  }

  /// Warms up, then measures `count` times.
  func samples(count: Int) throws -> [Sample] {
    for _ in 0..<Self.warmUps { _ = try sample() }
    return try (0..<count).map { _ in try sample() }
  }

  private func sample() throws -> Sample {
    var own = Observation()
    try group.barrier()
    own.copy.start = now()
    floats.refill()
    own.copy.end = now()
    try group.barrier()
    let busy = processorSeconds()
    own.sum.start = now()
    try floats.sum()
    own.sum.end = now()
    own.processorSeconds = processorSeconds() - busy
    try compareSums()
    let all = try group.allGather(withUnsafeBytes(of: own) { Array($0) }).map { bytes in
      bytes.withUnsafeBytes { $0.loadUnaligned(as: Observation.self) }
    }
    return Sample(
      seconds: span(all.map(\.sum)), copySeconds: span(all.map(\.copy)),
      processorSeconds: all.reduce(0) { $0 + $1.processorSeconds })
  }

  private func span(_ times: [(start: Double, end: Double)]) -> Double {
    longestSpan(of: times, hostSize: hostSize)
  }

  /// Throws, on all ranks, when a rank's sum differs from rank 0's or from the one before.
  private func compareSums() throws {
    let own = floats.checksum
    let all = try group.allGather(withUnsafeBytes(of: own) { Array($0) })
    for (rank, bytes) in all.enumerated() where bytes != all[0] {
      throw Failure(
        "rank \(rank) has another sum than rank 0. Memory or the transport is at fault: "
          + "try another --transport, then another machine.", exitStatus: .software)
    }
    guard checksum == 0 || checksum == own else {
      throw Failure(
        "the same sum came out differently. Memory or the transport is at fault: "
          + "try another --transport, then another machine.", exitStatus: .software)
    }
    checksum = own
  }
}

/// An input that shows when a sum is taken in another order: sizes over five decades, either sign, no two ranks alike.
func roughValue(at index: Int, rank: Int) -> Float {
  // splitmix64
  var bits = UInt64(truncatingIfNeeded: index) &+ UInt64(truncatingIfNeeded: rank) << 40
  bits = (bits &+ 0x9e37_79b9_7f4a_7c15) &* 0xbf58_476d_1ce4_e5b9
  bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
  bits ^= bits >> 31
  let mantissa = UInt32(truncatingIfNeeded: bits) & 0x807f_ffff
  let exponent = UInt32(truncatingIfNeeded: bits >> 32) & 15
  return Float(bitPattern: mantissa | (119 + exponent) << 23)
}

/// From the first start to the last end on a host, on the host where that is longest: clocks of two hosts have nothing to do
/// with one another.
///
/// On a machine with fewer cores than ranks, each rank's own time would leave out that it waited for a core.
func longestSpan(of times: [(start: Double, end: Double)], hostSize: Int) -> Double {
  stride(from: 0, to: times.count, by: hostSize).map { first in
    let own = times[first..<min(first + hostSize, times.count)]
    return (own.map(\.end).max() ?? 0) - (own.map(\.start).min() ?? 0)
  }.max() ?? 0
}

/// Seconds on the clock that all processes of this host share.
private func now() -> Double {
  Double(monotonicNanoseconds()) * 1e-9
}

/// User and system time of this process so far, all threads.
private func processorSeconds() -> Double {
  var usage = rusage()
  getrusage(RUSAGE_SELF.rawValue, &usage)
  return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) * 1e-6 }
}
