import CTorch
import Testing
import Torch

/// How elements get into a tensor and out again.
@Suite struct ContentTests {
  @Test func `elements come back as they went in`() {
    #expect(Tensor([0, 1, 255] as [UInt8], [3]).elements() == [0, 1, 255] as [UInt8])
    #expect(Tensor([.min, 0, .max] as [Int64], [3, 1]).elements() == [.min, 0, .max] as [Int64])
    #expect(Tensor([-0.5, .infinity] as [Float], [1, 2]).elements() == [-0.5, .infinity] as [Float])
    #expect(Tensor([0.1, 1e300] as [Double], [2]).elements() == [0.1, 1e300])
  }

  @Test(arguments: [DType.uint8, .int64, .float32, .float64, .bfloat16])
  func `bytes come back as they went in`(dtype: DType) {
    let bytes = (0..<UInt8(6 * dtype.size)).map { $0 &* 37 }
    let tensor = bytes.withUnsafeBytes { Tensor(bytes: $0, [2, 3], dtype) }
    #expect(tensor.dtype == dtype)
    #expect(tensor.shape == [2, 3])
    #expect((tensor.rank, tensor.count) == (2, 6))
    var copy = [UInt8](repeating: 0, count: bytes.count)
    copy.withUnsafeMutableBytes { tensor.copy(into: $0) }
    #expect(copy == bytes)
  }

  @Test func `element types have libtorch's numbers and sizes`() {
    let numbers = [CT_UINT8, CT_INT64, CT_FLOAT16, CT_FLOAT32, CT_FLOAT64, CT_BFLOAT16].map {
      Int32($0.rawValue)
    }
    #expect([DType.uint8, .int64, .float16, .float32, .float64, .bfloat16].map(\.rawValue) == numbers)
    #expect(
      [Device.Kind.cpu, .cuda, .npu].map(\.rawValue)
        == [CT_CPU, CT_CUDA, CT_NPU].map { Int32($0.rawValue) })
  }

  @Test func `bytes are read in row-major order, whatever the layout`() {
    let turned = floats([1, 2, 3, 4, 5, 6], [2, 3]).transposed(0, 1)
    #expect(turned.elements() == [1, 4, 2, 5, 3, 6] as [Float])
    let values: [Float] = [10, 20, 30, 40, 50, 60]
    values.withUnsafeBytes { turned.fill(from: $0) }
    #expect(turned.elements() == values)
    #expect(turned.transposed(0, 1).elements() == [10, 30, 50, 20, 40, 60] as [Float])
  }

  @Test func `a tensor of no elements is one too`() {
    let nothing = Tensor([] as [Float], [0, 4])
    #expect(nothing.shape == [0, 4])
    #expect(nothing.elements() == [] as [Float])
  }

  @Test func `lent memory is the tensor's own`() {
    let tensor = Tensor.zeros([4])
    tensor.floats()[2] = 7
    #expect(tensor.elements() == [0, 0, 7, 0] as [Float])
    #expect(tensor.floats().count == 4)
  }

  @Test func `filling replaces every element`() {
    let tensor = Tensor.empty([3])
    tensor.fill(2.5)
    expect(tensor, equals: [2.5, 2.5, 2.5])
    tensor.copy(from: Tensor([9] as [Double], [1]))
    expect(tensor, equals: [9, 9, 9])
    tensor.zero()
    expect(tensor, equals: [0, 0, 0])
    #expect(Tensor.zeros([2], .int64).elements() == [0, 0] as [Int64])
  }

  @Test func `one element is read as a number`() {
    #expect(Tensor([41] as [Int64], [1, 1]).item() == 41)
    #expect(floats([0.5]).selected(0, 0).item() == 0.5)
  }

  @Test func `bfloat16 keeps eight bits of a number`() {
    let rounded = floats([1, 1.0001, 3.14159, -1e30]).cast(to: .bfloat16)
    #expect(rounded.dtype == .bfloat16)
    expect(rounded.cast(to: .float32), equals: [1, 1, 3.140625, Float(bitPattern: 0xf14a_0000)], within: 0)
  }

  @Test func `a normal draw depends on its seed alone`() {
    func draw(_ seed: UInt64) -> [Float] {
      let tensor = Tensor.empty([10_000])
      tensor.fillNormal(mean: 3, deviation: 0.5, seed: seed)
      return tensor.elements()
    }
    let values = draw(1)
    #expect(draw(2) != values)
    #expect(draw(1) == values)
    let mean = values.reduce(0, +) / 10_000
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 10_000
    #expect(abs(mean - 3) < 0.02)
    #expect(abs(variance - 0.25) < 0.015)
  }

  @Test func `a draw of ones and zeros depends on its seed and chance, and not on the type`() {
    func draw(_ dtype: DType, _ seed: UInt64) -> [Float] {
      let tensor = Tensor.empty([100, 100], dtype)
      tensor.fillBernoulli(chance: 0.75, seed: seed)
      return tensor.cast(to: .float32).elements()
    }
    let values = draw(.uint8, 1)
    #expect(draw(.float32, 1) == values && draw(.uint8, 2) != values)
    #expect(Set(values) == [0, 1])
    #expect(abs(values.reduce(0, +) / 10_000 - 0.75) < 0.02)
  }

  @Test func `elements are replaced by their numbers`() {
    let tensor = Tensor.zeros([2, 3])
    tensor.replace(at: Tensor([5, 0] as [Int64], [2]), by: floats([7, 8]))
    expect(tensor, equals: [8, 0, 0, 0, 0, 7])
    tensor.replace(at: Tensor([] as [Int64], [0]), by: Tensor([] as [Float], [0]))
    expect(tensor, equals: [8, 0, 0, 0, 0, 7])
  }

  @Test func `the processor is always there`() {
    #expect(Device.count(of: .cpu) == 1)
    #expect(Tensor.zeros([1]).device == .cpu)
    #expect("\(Device.cpu) \(Device(.cuda)) \(Device(.npu, index: 3))" == "cpu cuda:0 npu:3")
  }
}
