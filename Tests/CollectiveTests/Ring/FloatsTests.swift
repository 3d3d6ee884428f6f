import CKernels
import Testing

@testable import Collective

/// The kernels in C against the plain loop, at every address and length around their steps.
@Suite("Sums and copies in C")
struct FloatsTests {
  private static let lengths = Array(0...20) + [63, 64, 65, 127, 128, 129, 200, 2047, 2048, 2049, 5000]

  @Test(arguments: 0..<4)
  func `adding equals the plain loop at any address`(shift: Int) {
    for length in Self.lengths {
      let own = roughFloats(count: length, rank: 0)
      let addends = roughFloats(count: length, rank: 1)
      let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 * length + shift + 4, alignment: 64)
      defer { bytes.deallocate() }
      bytes.initializeMemory(as: UInt8.self, repeating: 7)
      let place = UnsafeMutableRawBufferPointer(rebasing: bytes[shift..<shift + 4 * length])
      own.withUnsafeBytes { place.copyMemory(from: $0) }
      if let start = place.baseAddress { floats_add(start, addends, length) }
      let sums = (0..<length).map { place.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
      #expect(sums.bits == zip(own, addends).map { $0 + $1 }.bits)
      #expect(bytes[shift + 4 * length] == 7)
    }
  }

  @Test(arguments: 1...9)
  func `a sum takes its terms in their order, group by group, and may replace them`(terms: Int) {
    for group in (1...terms).filter({ terms.isMultiple(of: $0) }) { checkSum(of: terms, inGroupsOf: group) }
  }

  private func checkSum(of terms: Int, inGroupsOf group: Int) {
    for (length, start) in zip(Self.lengths, (0..<100).map { $0 % 19 }) {
      let all = length + start + 3
      let values = (0..<terms).map { roughFloats(count: all, rank: $0) }
      let lanes = values.map { values in
        let lane = UnsafeMutableBufferPointer<Float>.allocate(capacity: all)
        _ = lane.initialize(from: values)
        return lane
      }
      defer { for lane in lanes { lane.deallocate() } }
      let places = lanes.map { UnsafeMutableRawPointer($0.baseAddress) }
      floats_sum(places, terms, places.map { UnsafeRawPointer($0) }, terms, group, start, length)
      let groups = stride(from: 0, to: terms, by: group).map { first in
        (0..<all).map { index in
          (first + 1..<first + group).reduce(values[first][index]) { $0 + values[$1][index] }
        }
      }
      let sums = (0..<all).map { index in groups.dropFirst().reduce(groups[0][index]) { $0 + $1[index] } }
      for (lane, own) in zip(lanes, values) {
        let expected = own[..<start] + sums[start..<start + length] + own[(start + length)...]
        #expect(
          Array(lane).bits == Array(expected).bits, "\(length) floats from \(start) on, groups of \(group)")
      }
    }
  }

  @Test(arguments: 0..<17)
  func `a spread copies to each result and touches nothing beside`(start: Int) {
    let results = (0..<3).map { _ in UnsafeMutableBufferPointer<Float>.allocate(capacity: 6_000) }
    defer { for result in results { result.deallocate() } }
    let source = roughFloats(count: 6_000, rank: 0)
    for length in Self.lengths {
      for result in results { result.initialize(repeating: -1) }
      floats_spread(results.map { UnsafeMutableRawPointer($0.baseAddress) }, 3, source, start, length)
      var expected = [Float](repeating: -1, count: 6_000)
      expected.replaceSubrange(start..<start + length, with: source[start..<start + length])
      for result in results { #expect(Array(result) == expected) }
    }
  }
}
