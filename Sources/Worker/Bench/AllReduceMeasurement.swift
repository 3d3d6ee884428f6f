import Collective
import Glibc
import Recipe
import System
import Torch
import Wire

/// Times sums over a group, alternating with a plain copy, the lower bound of any sum.
final class AllReduceMeasurement {
  /// The CRC-32C of the sum, equal on all ranks.
  private(set) var checksum: UInt32 = 0

  private let group: any ProcessGroup
  /// The number of ranks that share a clock.
  private let hostSize: Int
  private let floats: any SummedFloats

  private static let warmUps = 2

  /// The time of one repeat: from the start of a host's first rank to the end of its last, on the slowest
  /// host.
  struct Sample: Equatable {
    let seconds: Double
    let copySeconds: Double
    /// Processor time of all ranks for the sum.
    let processorSeconds: Double
  }

  /// One rank's times in a repeat, on the clock shared by a host's processes.
  private struct Observation: BitwiseCopyable {
    var copy = (start: 0.0, end: 0.0)
    var sum = (start: 0.0, end: 0.0)
    var processorSeconds = 0.0
  }

  /// Makes the floats on the device; all ranks call it at once.
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

  /// Throws on all ranks if a rank's sum differs from rank 0's or from the one before.
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

/// Input values that reveal another order of summation: magnitudes over five decades, both signs, different
/// on every rank.
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

/// The time from the first start to the last end on a host, for the host where that is longest, since clocks
/// of different hosts are unrelated.
///
/// With fewer cores than ranks, each rank's own time would leave out the wait for a core.
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

/// User and system time of all threads of this process so far.
private func processorSeconds() -> Double {
  var usage = rusage()
  getrusage(RUSAGE_SELF.rawValue, &usage)
  return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) * 1e-6 }
}
