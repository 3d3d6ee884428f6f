import Foundation
import TestSupport
import Testing

@testable import Checkpoint

/// Files that PyTorch wrote, by `scripts/goldens/checkpoints.py`.
@Suite struct WeightsFileTests {
  private func fixture(_ name: String) throws -> String {
    try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/" + name).path
  }

  private func expectSame(_ found: TensorView, _ expected: TensorView) {
    #expect(found.type == expected.type && found.shape == expected.shape, "\(found.name)")
    #expect(content(found) == content(expected), "\(found.name)")
  }

  /// The bytes; of float32 the numbers' bits, with one NaN for all.
  private func content(_ view: TensorView) -> [UInt32] {
    guard view.type == .float32 else { return view.bytes.map(UInt32.init) }
    return view.bytes.bindMemory(to: Float.self).map { $0.isNaN ? Float.nan.bitPattern : $0.bitPattern }
  }

  @Test func `a training state gives its weights`() throws {
    let file = try WeightsFile(path: fixture("checkpoint.pth"))
    let expected = try SafetensorsFile(path: fixture("expected.safetensors"))
    #expect(file.tensors.map(\.name) == ["0.weight", "0.bias", "1.weight", "1.bias"])
    #expect(file.metadata == ["model": "alt_gvt_nano", "input_size": "64", "epoch": "7"])
    #expect(file.hasOptimizer)
    #expect(file.changes == ["the part 'model'", "without the prefix module."])
    for tensor in file.tensors {
      expectSame(tensor, try expected.tensor(named: "checkpoint.module.\(tensor.name)"))
    }
  }

  @Test func `every type and layout is read`() throws {
    let file = try WeightsFile(path: fixture("state_dict.pth"))
    let expected = try SafetensorsFile(path: fixture("expected.safetensors"))
    #expect(!file.hasOptimizer && file.metadata.isEmpty)
    #expect(file.changes == ["3 tensors made float32"])
    #expect(file.tensors.count == 13)
    let narrow = ["int": ElementType.int32, "byte": .uint8, "bool": .bool]
    for tensor in file.tensors where narrow[tensor.name] == nil {
      expectSame(tensor, try expected.tensor(named: tensor.name))
    }
    for (name, type) in narrow { #expect(try file.tensor(named: name).type == type) }
    #expect(try Array(file.tensor(named: "int").bytes.bindMemory(to: Int32.self)) == [-5, 5])
    #expect(try Array(file.tensor(named: "bool").bytes) == [1, 0])
  }

  @Test func `contiguous tensors are not copied`() throws {
    let bytes = [UInt8](TorchFile.archive(of: [.init("w", [2, 2], [1, 2, 3, 4])]).bytes)
    let folder = try TemporaryFolder()
    let file = try WeightsFile(path: folder.write(Data(bytes), "w.pth"))
    let view = try file.tensor(named: "w")
    #expect(Int(bitPattern: view.bytes.baseAddress) % 64 == 0)
    #expect(file.changes == ["the part 'model'"])
  }

  /// timm's and DeiT's training states.
  @Test(arguments: [("state_dict", "state_dict_ema"), ("model", "model_ema")])
  func `an average is found beside the weights`(weights: String, average: String) throws {
    let folder = try TemporaryFolder()
    func file(_ parts: KeyValuePairs<String, [TorchFile.Tensor]>, takesAverage: Bool) throws -> WeightsFile {
      let path = try folder.write(Data(TorchFile.archive(of: parts).bytes), "w.pth")
      return try WeightsFile(path: path, takesAverage: takesAverage)
    }
    func value(_ file: WeightsFile) throws -> Float {
      try file.tensor(named: "w").bytes.loadUnaligned(as: Float.self)
    }
    let (own, averaged) = (TorchFile.Tensor("w", [1], [1]), TorchFile.Tensor("module.w", [1], [2]))
    for takesAverage in [false, true] {
      let both = try file([weights: [own], average: [averaged]], takesAverage: takesAverage)
      #expect(try value(both) == (takesAverage ? 2 : 1))
      #expect(both.part == (takesAverage ? average : weights) && both.average == average)
      let alone = try file([average: [averaged]], takesAverage: takesAverage)
      #expect(try value(alone) == 2)
      #expect(alone.part == average && alone.average == average)
      let none = try file([weights: [own], average: []], takesAverage: takesAverage)
      #expect(try value(none) == 1)
      #expect(none.part == weights && none.average == nil)
    }
  }

  @Test func `the old format is refused with the line that converts it`() throws {
    let path = try fixture("legacy.pth")
    let error = #expect(throws: CheckpointError.self) { try WeightsFile(path: path) }
    let text = try #require(error?.description)
    #expect(text.contains("before 1.6"))
    #expect(text.contains("python -c \"import argparse, sys, torch;"))
    #expect(text.hasSuffix("\(path) converted.pth"))
  }

  @Test func `a pickle that calls is refused by name`() throws {
    let error = #expect(throws: CheckpointError.self) { try WeightsFile(path: try fixture("calls.pth")) }
    #expect(error?.description.contains("posix.system") == true)
    #expect(error?.description.contains("nothing of it was run") == true)
  }

  /// With a torch of the test's own: the line takes the weights from wherever they are, also out of a whole network.
  @Test(arguments: [
    (#"{"state_dict": {"w": 1}, "epoch": 3}"#, #"{"w": 1}"#), (#"{"model": {"w": 1}}"#, #"{"w": 1}"#),
    (#"{"w": 1}"#, #"{"w": 1}"#), (#"["w"]"#, #"{"of": ["w"]}"#),
    (#"{"state_dict": ["w"]}"#, #"{"of": ["w"]}"#),
  ])
  func `the line that saves weights alone works`(content: String, weights: String) throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(
      Data(
        """
        import json
        class Network:
            def __init__(self, parts): self.parts = parts
            def state_dict(self): return {"of": self.parts}
        def network(x): return Network(x) if isinstance(x, list) else x
        def load(path, map_location, weights_only):
            c = json.load(open("content.json"))
            return {k: network(v) for k, v in c.items()} if isinstance(c, dict) else network(c)
        def save(what, path): json.dump(what, open(path, "w"))
        """.utf8), "torch.py")
    _ = try folder.write(Data(content.utf8), "content.json")
    let error = #expect(throws: CheckpointError.self) { try WeightsFile(path: try fixture("calls.pth")) }
    let line = try #require(error?.description.components(separatedBy: "save its weights alone: ").last)
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/sh")
    shell.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    shell.arguments = [
      "-c", "PYTHONPATH=. PYTHONDONTWRITEBYTECODE=1 " + line.replacing("python -c", with: "python3 -c"),
    ]
    try shell.run()
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 0)
    #expect(try String(contentsOfFile: folder.path + "/weights.pth", encoding: .utf8) == weights)
  }

  @Test func `prefixes come off where all keys have them`() throws {
    let folder = try TemporaryFolder()
    let cases = [
      (["module.model.a.w", "module.model.b.w"], ["a.w", "b.w"]),
      (["backbone.a", "head.b"], ["backbone.a", "head.b"]),
      (["model.a", "model.model.b"], ["a", "model.b"]),
      (["_orig_mod.a", "_orig_mod.b"], ["a", "b"]),
      (["module._orig_mod.a", "module._orig_mod.b"], ["a", "b"]),
      (["_orig_mod.module.a"], ["a"]),
    ]
    for (names, expected) in cases {
      let path = "\(folder.path)/w.safetensors"
      try Numbers.withViews(of: names.map { Numbers(name: $0, values: [1]) }) {
        try Safetensors.write($0, metadata: ["k": "v"], to: path)
      }
      let file = try WeightsFile(path: path)
      #expect(file.tensors.map(\.name) == expected)
      #expect(file.metadata == ["k": "v"])
    }
  }

  @Test func `other files are refused`() throws {
    let folder = try TemporaryFolder()
    let cases: [(bytes: [UInt8], reason: String)] = [
      ([], "neither a .pth"), (Array("\u{ff}\u{d8}\u{ff}\u{e0} an image".utf8), "neither a .pth"),
      (
        Array("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n".utf8),
        "git lfs pull"
      ),
      (Array("\n <!DOCTYPE html><html><head><title>Sign in".utf8), "it is a web page and not the file"),
      (PickleWriter().bytes, "a bare pickle"), (Array("PK\u{3}\u{4}".utf8), "cut short"),
    ]
    for (bytes, reason) in cases {
      let path = try folder.write(Data(bytes), "other")
      let error = #expect(throws: CheckpointError.self) { try WeightsFile(path: path) }
      #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }
    let error = #expect(throws: CheckpointError.self) { try WeightsFile(path: folder.path) }
    #expect(error?.description.contains("Is a directory") == true)
  }
}
