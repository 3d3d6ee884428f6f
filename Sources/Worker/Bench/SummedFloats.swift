import Collective
import System
import Torch

/// The floats whose sum over the ranks is timed.
protocol SummedFloats {
  /// Restores the values from before the sum.
  func refill()
  /// Sums the floats and waits for the result.
  func sum() throws(CollectiveError)
  /// The CRC-32C of the current values.
  var checksum: UInt32 { get }
}

/// Floats in a buffer of the group.
struct HostFloats: SummedFloats {
  private let group: any ProcessGroup
  private let buffer: SymmetricBuffer
  private let input: [Float]

  init(_ input: [Float], of group: any ProcessGroup) throws(CollectiveError) {
    (self.input, self.group) = (input, group)
    buffer = try group.makeBuffer(count: input.count)
  }

  func refill() {
    input.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer.floats).copyMemory(from: $0) }
  }

  func sum() throws(CollectiveError) { try group.allReduceSum(buffer, 0..<buffer.count) }

  var checksum: UInt32 { CRC32C(of: UnsafeRawBufferPointer(buffer.floats)).value }
}

/// Floats on a card, summed there, or as in training without that, on a copy in host memory.
struct CardFloats: SummedFloats {
  private let group: any ProcessGroup
  private let input, floats: Tensor
  private let there: SymmetricBuffer
  /// Nil if the group sums on cards.
  private let copy: SymmetricBuffer?

  init(_ input: [Float], on card: Device, of group: any ProcessGroup) throws(CollectiveError) {
    self.group = group
    self.input = Tensor(input, [input.count]).moved(to: card)
    floats = Tensor.zeros([input.count], on: card)
    there = SymmetricBuffer(onCard: card.index, floats.cardFloats())
    copy = group.canSum(at: there.place) ? nil : try group.makeBuffer(count: input.count)
  }

  func refill() {
    floats.copy(from: input)
    wait()
  }

  func sum() throws(CollectiveError) {
    if let copy {
      let host = Tensor(memory: copy.floats, keeping: copy)
      host.copy(from: floats)
      try group.allReduceSum(copy, 0..<copy.count)
      floats.copy(from: host)
    } else {
      try group.allReduceSum(there, 0..<there.count)
    }
    wait()
  }

  var checksum: UInt32 {
    let sums = floats.moved(to: .cpu)
    return withExtendedLifetime(sums) { CRC32C(of: UnsafeRawBufferPointer(sums.floats())).value }
  }

  /// Waits until the card has done everything queued.
  private func wait() { Readback(floats.narrowed(0, to: 0..<1)).wait() }
}
