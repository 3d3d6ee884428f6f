import ArgumentParser
import Flags
import Foundation
import Glibc
import Testing
import TestSupport

@testable import Launcher

@Suite final class ResumptionTests {
  private let output: String
  private var folder: String { "\(output)/checkpoints" }

  init() throws { output = try temporaryFolder() }

  deinit { removeFolder(output) }

  @Test(arguments: [
    ["train", "--lr", "1"], ["train", "--lr", "1", "--resume", "x"], ["train", "--resume=x", "--lr", "1"],
    ["train", "--finetune", "x", "--lr", "1"], ["train", "--finetune", "x", "--use-ema", "--lr", "1"],
  ])
  func `a new checkpoint takes the place of the first start`(_ arguments: [String]) throws {
    try save("epoch-0003")
    let resumption = Resumption(output: output)
    #expect(
      resumption.task(first: WorkerTask(arguments: arguments)).arguments == arguments,
      "the checkpoint is another run's")
    try save(".epoch-0004.half")
    #expect(
      resumption.task(first: WorkerTask(arguments: arguments)).arguments == arguments,
      "the checkpoint is not whole")
    try save("epoch-0000")
    #expect(
      resumption.task(first: WorkerTask(arguments: arguments)).arguments == [
        "train", "--resume", "auto", "--lr", "1",
      ])
  }

  @Test func `a checkpoint of the same name is new too`() throws {
    try save("epoch-0000")
    let resumption = Resumption(output: output)
    try save("new")
    try #require(rename("\(folder)/epoch-0000", "\(folder)/.old") == 0)
    try #require(rename("\(folder)/new", "\(folder)/epoch-0000") == 0)
    #expect(resumption.hasNewCheckpoint)
  }

  @Test func `a checkpoint that got the number of a removed one is new too`() throws {
    try save("epoch-0000")
    let resumption = Resumption(output: output)
    #expect(!resumption.hasNewCheckpoint)
    // What tells it apart then is when it was written.
    let times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 1)]
    try #require(utimensat(AT_FDCWD, "\(folder)/epoch-0000", times, 0) == 0)
    #expect(resumption.hasNewCheckpoint)
  }

  @Test func `a folder that is not there yet has none`() throws {
    let resumption = Resumption(output: "\(output)/later")
    #expect(!resumption.hasNewCheckpoint)
    try save("../later/checkpoints/epoch-0000")
    #expect(resumption.hasNewCheckpoint)
  }

  /// As of a disk that is away for a moment: to begin anew would throw away what the run has learnt.
  @Test func `a folder that cannot be listed is not taken for none`() throws {
    let resumption = Resumption(output: "\(output)/later")
    try FileManager.default.createDirectory(atPath: "\(output)/later", withIntermediateDirectories: true)
    #expect(!resumption.hasNewCheckpoint)
    try FileManager.default.createSymbolicLink(
      atPath: "\(output)/later/checkpoints", withDestinationPath: "\(output)/not-mounted")
    #expect(resumption.hasNewCheckpoint)
  }

  @Test func `what was there before is gone on with where that was asked for`() throws {
    try save("epoch-0000")
    let resumption = Resumption(output: output)
    var request = try TrainingFlags.parse([]).request()
    #expect(!resumption.isOffered(to: WorkerTask(arguments: [], request: request)))
    request.run.resume = "auto"
    #expect(resumption.isOffered(to: WorkerTask(arguments: [], request: request)))
    #expect(!Resumption(output: "\(output)/later").isOffered(to: WorkerTask(arguments: [], request: request)))
    try save("epoch-0001")
    #expect(resumption.isOffered(to: WorkerTask(arguments: [])))
  }

  @Test func `lines of attempts without a checkpoint are taken back`() throws {
    try write("earlier\n", to: "train.jsonl")
    let resumption = Resumption(output: output)
    try write("earlier\nlost\n", to: "train.jsonl")
    try write("lost\n", to: "log.txt")
    resumption.cutLogs()
    #expect(try content("train.jsonl") == "earlier\n" && content("log.txt") == "")
    try write("earlier\nkept\n", to: "train.jsonl")
    try save("epoch-0000")
    resumption.cutLogs()
    #expect(try content("train.jsonl") == "earlier\nkept\n")
  }

  private func save(_ name: String) throws {
    try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
  }

  private func write(_ text: String, to name: String) throws {
    try text.write(toFile: "\(output)/\(name)", atomically: false, encoding: .utf8)
  }

  private func content(_ name: String) throws -> String {
    try String(contentsOfFile: "\(output)/\(name)", encoding: .utf8)
  }
}

@Suite final class ProgressFileTests {
  private let folder: String
  private var path: String { "\(folder)/train.jsonl" }

  init() throws { folder = try temporaryFolder() }

  deinit { removeFolder(folder) }

  @Test func `reads the last whole line of this attempt`() throws {
    try write(line(step: 900))
    let file = ProgressFile(path: path)
    #expect(file.newest == nil)
    try write(line(step: 11) + line(step: 12) + #"{"epoch": 1, "st"#)
    #expect(file.newest == Progress(epoch: 1, step: 12))
    #expect(ProgressFile(path: path).newest == nil)
  }

  @Test func `sees the steps of an attempt that cut the file`() throws {
    try write((1...10).map(line).joined())
    let file = ProgressFile(path: path)
    try (1...8).map(line).joined().write(toFile: path, atomically: true, encoding: .utf8)
    #expect(file.newest?.step == 8, "where it goes on from")
    try write(line(step: 9))
    #expect(file.newest?.step == 9)
  }

  @Test func `a long file is read from its end`() throws {
    let file = ProgressFile(path: path)
    try write((1...2000).map(line).joined())
    #expect(file.newest?.step == 2000)
  }

  @Test(arguments: ["", "\n", "no json\n", "{}\n"])
  func `anything else is no progress`(_ text: String) throws {
    let file = ProgressFile(path: path)
    try write(text)
    #expect(file.newest == nil)
  }

  private func line(step: Int) -> String {
    #"{"epoch": 1, "step": \#(step), "loss": 2.5, "lr": 0.001, "images_per_second": 80.5}"# + "\n"
  }

  private func write(_ text: String) throws {
    let file = try #require(fopen(path, "a"))
    fputs(text, file)
    fclose(file)
  }
}
