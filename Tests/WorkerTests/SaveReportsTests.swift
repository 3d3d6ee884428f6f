import Checkpoint
import Foundation
import TestSupport
import Testing

@testable import Worker

@Suite struct SaveReportsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// How a save ends of a weight with this value, in a folder that is there or is a file's.
  private func outcome(_ value: Float, step: Int, in place: String) throws -> CheckpointWriter.Outcome {
    let writer = CheckpointWriter(CheckpointStore(folder: place))
    let begun = writer.begin(CheckpointName(epoch: 0, step: step), state: [0]) { snapshot in
      withUnsafeBytes(of: value) {
        snapshot.copy([TensorView(name: "w", type: .float32, shape: [1], bytes: $0)], to: "model")
      }
    }
    try #require(begun && writer.wait(within: .seconds(60)))
    return try #require(writer.takeOutcome())
  }

  @Test func `a trouble is said once, and again when it is another`() throws {
    let good = folder.path + "/good"
    let taken = folder.path + "/taken"
    try Data().write(to: URL(fileURLWithPath: taken))
    var reports = SaveReports()
    let ends: [(Float, String)] = [(1, taken), (1, taken), (.nan, good), (1, taken), (1, good), (1, good)]
    let said = try ends.enumerated().map { number, end in
      let lines = reports.lines(about: try outcome(end.0, step: number, in: end.1))
      #expect(reports.lastFailed == (end.1 == taken || end.0.isNaN))
      return lines
    }
    #expect(said.map(\.count) == [1, 0, 1, 1, 1, 0])
    #expect(said[0].first?.hasPrefix("warning: checkpoint epoch-0000-step-000000 was not saved: ") == true)
    #expect(said[4] == ["checkpoint epoch-0000-step-000004 is saved"])
  }

  @Test func `a copy that fails is told from the checkpoint, and so is its end, each time`() throws {
    let taken = folder.path + "/taken"
    try Data().write(to: URL(fileURLWithPath: taken))
    var reports = SaveReports(ofCopies: true)
    let good = folder.path + "/good"
    let said = try [taken, good, good, taken].enumerated().map { number, place in
      reports.lines(about: try outcome(1, step: number, in: place))
    }
    #expect(said.map(\.count) == [1, 1, 0, 1])
    let start = "warning: this host's copy of checkpoint epoch-0000-step-00000"
    #expect(said[0].first?.hasPrefix("\(start)0 was not saved: ") == true, "\(said)")
    #expect(said[1] == ["this host's copy of checkpoint epoch-0000-step-000001 is saved"])
    #expect(said[3].first?.hasPrefix("\(start)3 was not saved: ") == true, "\(said)")
  }

  @Test func `who asked for a checkpoint hears of it`() throws {
    var reports = SaveReports()
    reports.expect(CheckpointName(epoch: 0, step: 1))
    let saved = try outcome(1, step: 1, in: folder.path)
    let said = [reports.lines(about: saved), reports.lines(about: saved)]
    #expect(said == [["checkpoint epoch-0000-step-000001 is saved"], []])
  }
}
