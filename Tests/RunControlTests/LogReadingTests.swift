import Foundation
import Testing
import TestSupport

@testable import Drawing
@testable import RunControl

/// The two logs of a run and its launcher's journal, read from bytes.
@Suite struct LogReadingTests {
  @Test func `an epoch that comes again replaces the first, and a run that begins anew all of them`() {
    let again = EpochLog(lines(epochs: [0, 1, 2, 3, 2, 3, 4]))
    #expect(again.lines.map(\.epoch) == [0, 1, 2, 3, 4])
    #expect(again.lines[2].trainLoss == 4, "the second time")
    #expect(EpochLog(lines(epochs: [0, 1, 2, 0, 1])).lines.map(\.epoch) == [0, 1])
  }

  private func lines(epochs: [Int]) -> [UInt8] {
    Array(
      epochs.enumerated().map { index, epoch in "{\"epoch\": \(epoch), \"train_loss\": \(index)}\n" }.joined()
        .utf8)
  }

  @Test func `of equal accuracies the first is the best`() {
    let log = EpochLog(Array([0, 1, 2].map { "{\"epoch\": \($0), \"test_acc1\": 50}\n" }.joined().utf8))
    #expect(log.best(\.accuracy1) == EpochLog.Best(accuracy: 50, epoch: 0))
  }

  @Test func `a short file of steps is read as a whole, a torn line aside`() {
    let text = RunTraces.steps(epochs: 3)
    let steps = StepLines(Array((text + #"{"epoch": 3, "st"#).utf8))
    #expect(steps.lines.count == 30 && steps.last?.step == 30 && steps.stepsOfEpoch == 10)
  }

  /// Of days.
  @Test func `a long file of steps is looked at in places alone, its end among them`() {
    let all = (1...30_000).map {
      #"{"epoch": 0, "step": \#($0), "epoch_step": \#($0), "loss": 2.5, "lr": 1e-06}"#
    }
    let text = Array((all.joined(separator: "\n") + "\n" + #"{"epoch": 30000, "#).utf8)
    var taken = 0
    let steps = StepLines(size: text.count) { offset, count in
      let bytes = Array(text[offset...].prefix(count))
      taken += bytes.count
      return bytes
    }
    #expect(taken <= StepLines.places * 4096)
    #expect(steps.last?.step == 30_000 && steps.lines.first?.step == 1)
    #expect(steps.lines.count >= StepLines.places / 2)
    let numbers = steps.lines.map(\.step)
    #expect(numbers == numbers.sorted())
  }

  @Test func `steps that a restart makes again are not in the curve twice`() {
    let first = [1, 2, 3, 4].map { #"{"epoch": 0, "step": \#($0), "epoch_step": \#($0), "loss": 1}"# + "\n" }
    let second = [3, 4, 5].map { #"{"epoch": 0, "step": \#($0), "epoch_step": \#($0), "loss": 2}"# + "\n" }
    let steps = StepLines(Array((first + second).joined().utf8))
    #expect(steps.lines.map(\.step) == [1, 2, 3, 4, 5] && steps.lines.map(\.loss) == [1, 1, 2, 2, 2])
  }

  @Test func `a journal is read back as it was written, whatever a crash left in it`() throws {
    let folder = try temporaryFolder()
    defer { removeFolder(folder) }
    let journal = RunJournal(in: folder, goesOn: true)
    journal.fail(attempt: 0, "nobody has begun")
    #expect(LaunchNote.all(in: try bytes(journal)).isEmpty)
    try Data((#"{"began":5,"run":"r1","host":"h","launcher":9,"workers":8,"hosts":2}"# + "\n{\"fai").utf8)
      .write(to: URL(filePath: journal.path))
    journal.fail(attempt: 0, "rank 3 failed: killed by SIGKILL (signal 9); from outside")
    journal.end(status: 75, "stopped by SIGTERM")
    let notes = LaunchNote.all(in: try bytes(journal))
    #expect(notes.count == 1 && notes[0].workers == 8 && notes[0].hosts == 2)
    #expect(notes[0].failures == ["rank 3 failed: killed by SIGKILL (signal 9); from outside"])
    #expect(notes[0].end?.status == 75 && notes[0].end?.reason == "stopped by SIGTERM")
  }

  private func bytes(_ journal: RunJournal) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: journal.path)))
  }
}
