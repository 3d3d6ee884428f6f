import Testing
import Torch

@Suite struct MathsTests {
  @Test func `element-wise maths broadcasts`() {
    let (column, row) = (floats([1, 2], [2, 1]), floats([10, 20, 40], [1, 3]))
    expect(column + row, equals: [11, 21, 41, 12, 22, 42])
    expect(row - column, equals: [9, 19, 39, 8, 18, 38])
    expect(column * row, equals: [10, 20, 40, 20, 40, 80])
    expect(row / column, equals: [10, 20, 40, 5, 10, 20])
  }

  @Test func `scaling, new and in place`() {
    let tensor = floats([1, -2, 4])
    expect(tensor.scaled(by: -0.5), equals: [-0.5, 1, -2])
    expect(tensor, equals: [1, -2, 4])
    tensor.scale(by: 3)
    expect(tensor, equals: [3, -6, 12])
  }

  @Test func `sums and products in place`() {
    let tensor = floats([1, -2, 4, 8], [2, 2])
    tensor.multiply(by: floats([2, 3], [2, 1]))
    tensor.add(floats([10, 20]))
    expect(tensor, equals: [12, 16, 22, 44])
  }

  @Test func `sums, means and norms`() {
    let tensor = floats([1, 2, 3, 4, 5, 6], [2, 3])
    #expect(tensor.sum().item() == 21)
    expect(tensor.mean(over: 0), equals: [2.5, 3.5, 4.5])
    expect(tensor.mean(over: -1), equals: [2, 5])
    #expect(floats([3, 4, 12]).norm().item() == 13)
  }

  @Test func `the largest elements, largest first`() {
    let best = floats([1, 9, 5, 7, 2, 8], [2, 3]).topIndices(2)
    #expect(best.dtype == .int64)
    #expect(best.elements() == [1, 2, 2, 0] as [Int64])
  }

  @Test func `softmax over the last dimension`() {
    let probabilities = floats([0, 0, 1000, 1001], [2, 2]).softmax()
    expect(probabilities, equals: [0.5, 0.5, 0.268941, 0.731059])
  }

  @Test func `a mask says which elements are another tensor's`() {
    let mask = Tensor([1, 0] as [UInt8], [2, 1])
    expect(floats([1, 2, 3, 4], [2, 2]).replaced(where: mask, by: floats([5, 6])), equals: [5, 6, 3, 4])
  }
}
