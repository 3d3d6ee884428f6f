import Testing
import Torch

@Suite struct ShapeTests {
  /// `[[0, 1, 2], [3, 4, 5]]`
  private let grid = floats([0, 1, 2, 3, 4, 5], [2, 3])

  @Test func `views share their tensor's memory`() {
    let views = [
      grid.reshaped([3, -1]), grid.permuted([1, 0]), grid.transposed(0, 1), grid.flattened(from: 0),
      grid.narrowed(1, to: 1..<3), grid.selected(0, 0), grid.contiguous(), grid.moved(to: .cpu),
      grid.cast(to: .float32),
    ]
    grid.fill(8)
    for view in views { #expect(view.elements(as: Float.self).allSatisfy { $0 == 8 }) }
  }

  @Test func `shapes and orders`() {
    #expect(grid.reshaped([3, -1]).shape == [3, 2])
    #expect(grid.reshaped([3, -1]).elements() == [0, 1, 2, 3, 4, 5] as [Float])
    #expect(grid.permuted([1, 0]).elements() == [0, 3, 1, 4, 2, 5] as [Float])
    #expect(grid.transposed(-1, 0).elements() == [0, 3, 1, 4, 2, 5] as [Float])
    #expect(Tensor.zeros([2, 3, 4, 5]).permuted([3, 1, 0, 2]).shape == [5, 3, 2, 4])
    #expect(Tensor.zeros([2, 3, 4, 5]).flattened(from: 2).shape == [2, 3, 20])
  }

  @Test func `parts`() {
    #expect(grid.narrowed(1, to: 1..<3).elements() == [1, 2, 4, 5] as [Float])
    #expect(grid.narrowed(0, to: 1..<1).shape == [0, 3])
    #expect(grid.selected(0, 1).elements() == [3, 4, 5] as [Float])
    #expect(grid.selected(1, -1).shape == [2])
  }

  @Test func `copies do not share memory`() {
    let copies = [grid.transposed(0, 1).contiguous(), grid.cast(to: .float64), grid.padded([0, 0])]
    grid.fill(8)
    #expect(copies[0].elements() == [0, 3, 1, 4, 2, 5] as [Float])
    #expect(copies[1].elements() == [0, 1, 2, 3, 4, 5] as [Double])
    #expect(copies[2].elements() == [0, 1, 2, 3, 4, 5] as [Float])
  }

  @Test func `padding counts from the last dimension`() {
    let padded = grid.padded([1, 0, 0, 1])
    #expect(padded.shape == [3, 4])
    #expect(padded.elements() == [0, 0, 1, 2, 0, 3, 4, 5, 0, 0, 0, 0] as [Float])
  }

  @Test func `casts round towards zero from numbers to integers`() {
    #expect(floats([1.9, -1.9]).cast(to: .int64).elements() == [1, -1] as [Int64])
    #expect(Tensor([200] as [UInt8], [1]).cast(to: .float32).elements() == [200] as [Float])
  }
}
