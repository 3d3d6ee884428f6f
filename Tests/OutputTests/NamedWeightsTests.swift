import Foundation
import Recipe
import TestSupport
import Testing

@testable import Output

@Suite struct NamedWeightsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: [
    (["best.safetensors", "best_ema.safetensors", "last.safetensors"], false, "best.safetensors"),
    (["best.safetensors", "best_ema.safetensors", "last.safetensors"], true, "best_ema.safetensors"),
    (["best_ema.safetensors", "last_ema.safetensors"], false, "best_ema.safetensors"),
    (["last.safetensors"], false, "last.safetensors"),
    (["last.safetensors", "last_ema.safetensors"], true, "last_ema.safetensors"),
  ])
  func `a run means its best weights, or else its last`(files: [String], average: Bool, found: String) throws
  {
    for name in files { try write("", to: name) }
    let named = try NamedWeights(folder.path, average: average)
    #expect(named.path == "\(folder.path)/\(found)" && !named.takesAverage)
    #expect(named.note == "the weights are \(folder.path)/\(found)")
  }

  @Test func `the best ones are told with their accuracy`() throws {
    try write("", to: "best.safetensors")
    try write("{\"test_acc1\": 43.925, \"epoch\": 7}\n", to: "log.txt")
    let note = try NamedWeights(folder.path, average: false).note
    #expect(note?.hasSuffix("/best.safetensors (Acc@1 43.93 in epoch 7)") == true, "\(note ?? "")")
  }

  @Test func `a folder as timm's hub has it means the weights in it`() throws {
    try write("", to: "model.safetensors")
    #expect(throws: OutputError.self) { try NamedWeights(folder.path, average: false) }
    try write("{}", to: "config.json")
    #expect(try NamedWeights(folder.path, average: false).path == "\(folder.path)/model.safetensors")
    #expect(throws: OutputError.self) { try NamedWeights(folder.path, average: true) }
  }

  @Test func `a file is itself, with the average in it where that is meant`() throws {
    try write("", to: "svt.pth")
    let named = try NamedWeights("\(folder.path)/svt.pth", average: true)
    #expect(named.path == "\(folder.path)/svt.pth" && named.takesAverage && named.note == nil)
    #expect(named.besides == named.path)
  }

  @Test func `what belongs to a checkpoint lies in its run's folder`() throws {
    let checkpoint = "checkpoints/epoch-0003"
    try FileManager.default.createDirectory(
      atPath: "\(folder.path)/\(checkpoint)", withIntermediateDirectories: true)
    for (given, place) in [
      (checkpoint, "epoch-0003"), ("checkpoints", "checkpoint"), ("checkpoints/", "checkpoint"),
      (".", "checkpoint"),
    ] {
      let named = try NamedWeights("\(folder.path)/\(given)", average: false)
      #expect(named.besides == "\(folder.path)/\(place)")
    }
  }

  @Test func `a folder without weights, and nothing at all, are told apart`() throws {
    let empty = #expect(throws: OutputError.self) { try NamedWeights(folder.path, average: true) }
    #expect(empty?.description.contains("has best_ema.safetensors in it") == true)
    let nothing = #expect(throws: OutputError.self) { try NamedWeights("/nowhere", average: false) }
    #expect(nothing?.description.contains("no such file or folder") == true)
    #expect(empty?.exitStatus == .missingInput && nothing?.exitStatus == .missingInput)
  }

  private func write(_ text: String, to name: String) throws {
    try text.write(toFile: "\(folder.path)/\(name)", atomically: false, encoding: .utf8)
  }
}
