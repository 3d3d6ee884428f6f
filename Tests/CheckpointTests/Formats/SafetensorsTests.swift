import Foundation
import Testing

@testable import Checkpoint

@Suite struct SafetensorsTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test func `reads what Python wrote`() throws {
    let file = try SafetensorsFile(path: folder.write(pythonFixture, "python.safetensors"))
    #expect(file.metadata == ["format": "pt", "epoch": "7"])
    #expect(file.names == ["count", "d", "b.weight", "empty", "i", "h", "a.bias", "bytes", "mask"])
    #expect(try file.floats("b.weight") == [0, 0.25, 0.5, 0.75, 1, 1.25])
    let weight = try file.tensor(named: "b.weight")
    #expect(weight.type == .float32 && weight.shape == [2, 3])
    #expect(try file.tensor(named: "count").shape == [])
    #expect(try file.tensor(named: "count").bytes.load(as: Int64.self) == 7)
    #expect(try Array(file.tensor(named: "mask").bytes) == [1, 0, 1])
    #expect(try Array(file.tensor(named: "h").bytes) == [0x00, 0x3f, 0x00, 0x41])
    #expect(try file.tensor(named: "empty").bytes.isEmpty)
  }

  /// The order of the metadata is Python's one free choice.
  @Test func `writes the bytes that Python writes`() throws {
    let python = try SafetensorsFile(path: folder.write(pythonFixture, "python.safetensors"))
    let path = "\(folder.path)/own.safetensors"
    try Safetensors.write(python.tensors.shuffled(), metadata: python.metadata, to: path)
    let own = try #require(FileManager.default.contents(atPath: path))
    let swapped = #""format":"pt","epoch":"7""#
    let sorted = #""epoch":"7","format":"pt""#
    let expected = String(decoding: pythonFixture[8..<584], as: UTF8.self)
      .replacingOccurrences(of: swapped, with: sorted)
    #expect(String(decoding: own[8..<584], as: UTF8.self) == expected)
    #expect(own[..<8] == pythonFixture[..<8])
    #expect(own[584...] == pythonFixture[584...])
  }

  @Test func `names survive whatever is in them`() throws {
    let names = ["plain", "with \"quotes\" and \\", "tab\tand\nline", "grüße 🔬", "\u{1}\u{1f}", ""]
    let path = "\(folder.path)/names.safetensors"
    try Numbers.withViews(of: names.map { Numbers(name: $0, values: [1]) }) {
      try Safetensors.write($0, metadata: ["k \"1\"": "v\n"], to: path)
    }
    let file = try SafetensorsFile(path: path)
    #expect(Set(file.names) == Set(names))
    #expect(file.metadata == ["k \"1\"": "v\n"])
  }

  @Test func `tensors are aligned`() throws {
    let bytes = [UInt8](repeating: 1, count: 8)
    let path = "\(folder.path)/aligned.safetensors"
    try bytes.withUnsafeBytes { eight in
      let three = UnsafeRawBufferPointer(rebasing: eight[..<3])
      try Safetensors.write(
        [
          TensorView(name: "a", type: .uint8, shape: [3], bytes: three),
          TensorView(name: "b", type: .float64, shape: [], bytes: eight),
          TensorView(name: "c", type: .float16, shape: [2, 2], bytes: eight),
        ], to: path)
    }
    let file = try SafetensorsFile(path: path)
    #expect(file.names == ["b", "c", "a"])
    for tensor in file.tensors {
      #expect(UInt(bitPattern: tensor.bytes.baseAddress) % UInt(tensor.type.size) == 0)
    }
  }

  @Test func `refuses to write nonsense`() {
    let path = "\(folder.path)/nonsense.safetensors"
    Numbers.withViews(of: [Numbers(name: "a", values: [1]), Numbers(name: "a", values: [2])]) { views in
      #expect(throws: CheckpointError.self) { try Safetensors.write(views, to: path) }
      let wrong = TensorView(name: "w", type: .float64, shape: [1], bytes: views[0].bytes)
      let error = #expect(throws: CheckpointError.self) { try Safetensors.write([wrong], to: path) }
      #expect(error?.description == "\(path): tensor w: 4 bytes do not make up F64 [1]")
      let reserved = TensorView(name: "__metadata__", type: .float32, shape: [1], bytes: views[0].bytes)
      #expect(throws: CheckpointError.self) { try Safetensors.write([reserved], to: path) }
    }
    #expect(folder.names() == [])
  }

  @Test func `an absent tensor is named`() throws {
    let file = try SafetensorsFile(path: folder.write(pythonFixture, "p"))
    let error = #expect(throws: CheckpointError.self) { try file.tensor(named: "c") }
    #expect(error?.description == "\(file.path): tensor c: there is no such tensor")
  }

  @Test func `an absent file is named`() {
    let error = #expect(throws: CheckpointError.self) { try SafetensorsFile(path: "/nowhere/x") }
    #expect(error?.description == "cannot open /nowhere/x: No such file or directory")
  }
}
