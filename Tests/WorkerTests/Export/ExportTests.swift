import ArgumentParser
import Checkpoint
import Datasets
import Flags
import Foundation
import Model
import Output
import Recipe
import TestSupport
import Testing
import Torch
import Training

@testable import Worker

/// What `export` writes, read by the programs that it is for, which `scripts/readers` fetches: weights and images by rule.
@Suite(.serialized) struct ExportTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private struct Answer: Decodable {
    let classes: [String]
    let crop: Double
    let logits: [[Float]]
  }

  private let classes = ["a cat", "\"dog\"", "ünder", "x"]

  /// A file of rule weights, as a run would write it.
  private func weights(_ model: String, side: Int) throws -> String {
    var recipe = Recipe()
    recipe.model.name = model
    recipe.data.inputSize = side
    let network = try makeNetwork(recipe, classes: classes.count, on: .cpu)
    withoutGradients {
      for parameter in network.parameters {
        let shape = parameter.tensor.shape
        parameter.tensor.copy(from: Tensor(Rule.weights(parameter.name, shape), shape))
      }
    }
    let path = "\(folder.path)/\(model).safetensors"
    var about = Weights(
      model: model, classes: classes.map { ClassName(text: Substring($0)) },
      images: .init(inputSize: side, cropPercent: 0.9))
    (about.images.cropMode, about.images.means) = (.squash, [0.5, 0.25, 0.125])
    (about.epoch, about.heldOut) = (7, "0.2 of 1f3c9a0b")
    try about.write(network, to: path)
    return path
  }

  private func images(_ side: Int) -> [Float] { Rule.uniform("images", 2 * 3 * side * side) }

  /// The logits of the network that was exported.
  private func expected(_ path: String, side: Int) throws -> [Float] {
    let trained = try TrainedNetwork(
      NamedWeights(path, average: false), TrainedNetwork.Wishes(), on: .cpu)
    return withoutGradients {
      trained.network(Tensor(images(side), [2, 3, side, side]), .evaluation()).elements()
    }
  }

  private func read(_ arguments: String..., side: Int) throws -> Answer {
    let input = "\(folder.path)/images"
    try images(side).withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: input)) }
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      ["PYTHONPATH=.deps/readers/python", "python3", "-W", "ignore", "Tests/Readers/exports.py"] + arguments
    process.standardInput = FileHandle(forReadingAtPath: input)
    process.standardOutput = output
    try process.run()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "scripts/readers fetches what reads them")
    return try JSONDecoder().decode(Answer.self, from: bytes)
  }

  private func export(_ path: String, _ target: String, to format: String? = nil) throws {
    let command = try Export.parse([path, target] + (format.map { ["--to", $0] } ?? []))
    try command.run()
  }

  private func compare(_ answer: Answer, _ expected: [Float]) {
    let largest = expected.map(abs).max() ?? 0
    let difference = zip(answer.logits.joined(), expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(answer.logits.joined().count == expected.count && largest > 0.1)
    #expect(difference <= 1e-4, "\(difference) of \(largest)")
  }

  /// With maps that the windows divide and others; PCPVT has no windows.
  @Test(arguments: [
    ("alt_gvt_nano", 64), ("alt_gvt_nano", 96), ("alt_gvt_small", 224), ("alt_gvt_small", 160),
    ("pcpvt_small_v0", 128), ("deit_tiny_patch16_224", 64), ("deit_tiny_distilled_patch16_224", 96),
  ])
  func `onnxruntime comes to the same logits`(model: String, side: Int) throws {
    let path = try weights(model, side: side)
    let target = "\(folder.path)/\(model).onnx"
    try export(path, target)
    let answer = try read("onnx", target, side: side)
    compare(answer, try expected(path, side: side))
    #expect(answer.classes == classes && answer.crop == 0.9)
  }

  /// timm has no nano, and is told its numbers.
  @Test(arguments: [
    "alt_gvt_nano", "pcpvt_small_v0", "deit_tiny_patch16_224", "deit_tiny_distilled_patch16_224",
  ])
  func `timm takes the folder`(model: String) throws {
    let path = try weights(model, side: 64)
    let target = "\(folder.path)/timm"
    try export(path, target, to: "timm")
    let answer = try read("timm", target, side: 64)
    compare(answer, try expected(path, side: 64))
    #expect(answer.classes == classes && answer.crop == 0.9)
  }

  @Test func `PyTorch loads the pth, and so does this program`() throws {
    let path = try weights("alt_gvt_small", side: 64)
    let target = "\(folder.path)/weights.pth"
    try export(path, target)
    let answer = try read("pth", target, "twins_svt_small", "\(classes.count)", "64", side: 64)
    compare(answer, try expected(path, side: 64))
    #expect(answer.classes == classes && answer.crop == 0.9)
    let (own, back) = (try SafetensorsFile(path: path), try WeightsFile(path: target))
    #expect(back.part == "model" && back.tensors.count == own.tensors.count)
    #expect(Weights(metadata: back.metadata) == Weights(metadata: own.metadata))
    for tensor in back.tensors {
      let other = try own.tensor(named: tensor.name)
      #expect(tensor.shape == other.shape && tensor.bytes.elementsEqual(other.bytes))
    }
  }

  @Test
  func
    `what a pth says makes no difference to who reads it here, and one that says nothing is refused alike`()
    throws
  {
    let path = try weights("alt_gvt_nano", side: 64)
    let (target, silent) = ("\(folder.path)/nano.pth", "\(folder.path)/silent.pth")
    try export(path, target)
    let trained = try TrainedNetwork(NamedWeights(target, average: false), .init(), on: .cpu)
    #expect(trained.about == Weights(metadata: try SafetensorsFile(path: path).metadata))
    #expect(trained.assumption == nil && trained.about.model == "alt_gvt_nano")
    try withExtendedLifetime(trained.network.hostWeights) {
      try PyTorchWeights.write($0.views, to: silent)
    }
    let named = try NamedWeights(silent, average: false)
    let refusal = #expect(throws: RecipeError.self) { try TrainedNetwork(named, .init(), on: .cpu) }
    let flags = ["--eval", "--resume", silent, "--data-path", folder.path]
    let evaluation = try TrainingFlags.parse(flags + ["--report-dir", "\(folder.path)/report"]).request()
    let other = #expect(throws: RecipeError.self) { try Resume.from(evaluation, Console(speaks: true)) }
    #expect(refusal?.description == other?.description && other?.description.contains("--model") == true)
    // As the reference does.
    #expect(try Resume.from(TrainingFlags.parse(flags).request(), Console(speaks: true)) != nil)
  }

  @Test func `what is there is not written over unless that is wished`() throws {
    let path = try weights("alt_gvt_nano", side: 32)
    let target = "\(folder.path)/a.pth"
    try "mine".write(toFile: target, atomically: true, encoding: .utf8)
    let failure = #expect(throws: Failure.self) { try export(path, target) }
    #expect(failure?.exitStatus == .badConfiguration)
    #expect(try String(contentsOfFile: target, encoding: .utf8) == "mine")
    let command = try Export.parse([path, target, "--overwrite"])
    try command.run()
    #expect(try WeightsFile(path: target).tensors.count > 100)
    #expect(throws: (any Error).self) { try Export.parse([path, "\(folder.path)/somewhere"]) }
  }
}
