import Foundation
import TestSupport
import Testing

@testable import Output

@Suite struct EarlierRunTests {
  private let folder: TemporaryFolder
  private var earlier: EarlierRun? { EarlierRun(in: folder.path) }

  init() throws { folder = try TemporaryFolder() }

  @Test func `what nobody would miss is no run`() throws {
    #expect(earlier == nil && EarlierRun(in: folder.path + "/nowhere") == nil)
    for name in ["log.txt", "train.jsonl", "recipe.json", "notes.md"] { try write("", to: name) }
    for name in ["run/logs", "checkpoints/lost+found"] { try makeFolder(name) }
    #expect(earlier == nil)
  }

  @Test(arguments: ["best.safetensors", "last.safetensors", "checkpoints/epoch-0003-step-000012"])
  func `weights or a checkpoint are a run`(_ name: String) throws {
    try makeFolder(name)
    #expect(earlier != nil)
  }

  @Test func `the best epoch is told, whatever came after it`() throws {
    try write(
      """
      {"test_acc1": 6.54, "epoch": 0}
      {"test_acc1": null, "epoch": 1}
      {"test_acc1": 43.93, "epoch": 2}
      {"test_acc1": 20, "epoch": 3}
      {"test_acc1": 99, "ep
      """, to: "log.txt")
    #expect(earlier?.best == EarlierRun.Best(accuracy: 43.93, epoch: 2))
    #expect(earlier?.summary == "best Acc@1 43.93 in epoch 2")
  }

  @Test func `a run that was never evaluated says how far it came`() throws {
    for name in ["epoch-0010", "epoch-0009-step-000012", "epoch-0009"] {
      try makeFolder("checkpoints/\(name)")
    }
    #expect(earlier?.summary == "never evaluated, checkpoint epoch-0010")
  }

  private func write(_ text: String, to name: String) throws {
    try text.write(toFile: "\(folder.path)/\(name)", atomically: false, encoding: .utf8)
  }

  private func makeFolder(_ name: String) throws {
    try FileManager.default.createDirectory(
      atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
  }
}
