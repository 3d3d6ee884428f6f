import Foundation
import Testing

@testable import Checkpoint

@Suite struct FiniteTests {
  /// The bits of infinity, of a NaN and of the largest number, as each type has them.
  static let types: [(ElementType, infinity: UInt64, largest: UInt64)] = [
    (.float64, 0x7ff0_0000_0000_0000, 0x7fef_ffff_ffff_ffff), (.float32, 0x7f80_0000, 0x7f7f_ffff),
    (.float16, 0x7c00, 0x7bff), (.bfloat16, 0x7f80, 0x7f7f),
  ]

  @Test(arguments: types)
  func `finds the first that is not finite`(type: ElementType, infinity: UInt64, largest: UInt64) {
    let sign = UInt64(1) << UInt64(type.size * 8 - 1)
    for count in [1, 7, 100, 70_000] {
      for place in Set([0, count / 2, count - 1]) {
        var bytes = [UInt8](repeating: 0, count: count * type.size)
        for good in [0, 1, sign, largest, largest | sign] {
          put(good, type, at: place, &bytes)
          #expect(firstNonFinite(bytes, type) == nil, "\(type) \(good)")
        }
        for bad in [infinity, infinity | sign, infinity | 1, infinity | sign | 1, sign &* 2 &- 1] {
          put(bad, type, at: place, &bytes)
          #expect(firstNonFinite(bytes, type) == place, "\(type) \(bad)")
        }
        put(infinity, type, at: count - 1, &bytes)
        #expect(firstNonFinite(bytes, type) == place)
      }
    }
  }

  @Test(arguments: [ElementType.int64, .int32, .uint8, .bool])
  func `whole numbers are never refused`(type: ElementType) {
    #expect(firstNonFinite([UInt8](repeating: 0xff, count: 64), type) == nil)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `no save writes them`(value: Float) throws {
    let folder = try TemporaryFolder()
    var store = CheckpointStore(folder: "\(folder.path)/checkpoints")
    try store.save(epoch: 1)
    let disk = FailingFileSystem(failingAt: .max, isCrash: false)
    store.disk = disk.disk
    let numbers = [
      Numbers(name: "head.bias", values: [1]), Numbers(name: "head.weight", values: [1, 2, value]),
    ]
    let error = #expect(throws: CheckpointError.self) {
      try Numbers.withViews(of: numbers) { views in
        try store.save(
          name: "epoch-2", files: [TensorFile(name: "model", tensors: views)], state: State(epoch: 2))
      }
    }
    #expect(
      error?.description.contains("epoch-2/model.safetensors: tensor head.weight: element 2 is NaN") == true)
    #expect(disk.operations == 0)
    #expect(try store.newestEpoch() == 1)
  }

  private func put(_ bits: UInt64, _ type: ElementType, at place: Int, _ bytes: inout [UInt8]) {
    for index in 0..<type.size {
      bytes[place * type.size + index] = UInt8(truncatingIfNeeded: bits >> UInt64(8 * index))
    }
  }

  private func firstNonFinite(_ bytes: [UInt8], _ type: ElementType) -> Int? {
    bytes.withUnsafeBytes {
      TensorView(name: "x", type: type, shape: [bytes.count / type.size], bytes: $0).firstNonFinite
    }
  }
}
