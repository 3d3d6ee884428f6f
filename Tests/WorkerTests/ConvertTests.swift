import Checkpoint
import Foundation
import Recipe
import enum Recipe.ExitStatus
import TestSupport
import Testing

@testable import Worker

@Suite struct ConvertTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func torchFile() throws -> String {
    let tensors = [TorchFile.Tensor("module.w", [2, 2], [1, 2, 3, 4]), .init("module.b", [2], [5, 6])]
    let path = folder.path + "/a.pth"
    try Data(TorchFile.archive(of: tensors).bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  private func status(
    _ source: String, _ target: String, average: Bool = false, overwrites: Bool = false
  ) -> ExitStatus? {
    do {
      var command = Convert()
      command.source = source
      command.target = target
      (command.useEma, command.overwrite) = (average, overwrites)
      try command.validate()
      try command.run()
      return nil
    } catch {
      return Failure(error).exitStatus
    }
  }

  @Test func `the weights of a pth are written as safetensors`() throws {
    let target = folder.path + "/b.safetensors"
    #expect(status(try torchFile(), target) == nil)
    let file = try SafetensorsFile(path: target)
    #expect(file.metadata == ["format": "pt", "model": "alt_gvt_nano"])
    #expect(Set(file.names) == ["w", "b"])
    #expect(try Array(file.tensor(named: "w").bytes.bindMemory(to: Float.self)) == [1, 2, 3, 4])
  }

  @Test func `a safetensors file keeps its metadata, and may be written over itself`() throws {
    let path = folder.path + "/b.safetensors"
    #expect(status(try torchFile(), path) == nil)
    let before = FileManager.default.contents(atPath: path)
    #expect(status(path, path) == .badConfiguration)
    #expect(status(path, path, overwrites: true) == nil)
    #expect(FileManager.default.contents(atPath: path) == before)
  }

  @Test func `each failure has its status`() throws {
    let target = folder.path + "/b.safetensors"
    let source = try torchFile()
    #expect(status(folder.path + "/nothing.pth", target) == .missingInput)
    #expect(status(source, folder.path + "/nowhere/b.safetensors") == .inputOutput)
    #expect(status(folder.path, target) == .missingInput)
    let text = folder.path + "/text.pth"
    try "not weights at all".write(toFile: text, atomically: false, encoding: .utf8)
    #expect(status(text, target) == .badData)
    #expect(!FileManager.default.fileExists(atPath: target))
    var command = Convert()
    command.target = folder.path + "/b.pth"
    #expect(throws: (any Error).self) { try command.validate() }
  }

  @Test func `the average beside the weights is written where that is wanted, and is there`() throws {
    let (source, target) = (folder.path + "/a.pth", folder.path + "/b.safetensors")
    let (own, averaged) = (TorchFile.Tensor("w", [1], [1]), TorchFile.Tensor("w", [1], [2]))
    let archive = TorchFile.archive(of: ["state_dict": [own], "state_dict_ema": [averaged]])
    try Data(archive.bytes).write(to: URL(fileURLWithPath: source))
    for (average, expected) in [(false, 1), (true, 2)] as [(Bool, Float)] {
      #expect(status(source, target, average: average, overwrites: average) == nil)
      let file = try SafetensorsFile(path: target)
      #expect(try file.tensor(named: "w").bytes.loadUnaligned(as: Float.self) == expected)
    }
    #expect(status(target, target, average: true, overwrites: true) == .badConfiguration)
  }
}
