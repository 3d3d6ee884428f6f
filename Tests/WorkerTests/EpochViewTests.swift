import Foundation
import TestSupport
import Testing

@testable import Training
@testable import Worker

/// Views of an epoch's figures: the table, and the file for Prometheus.
@Suite struct EpochViewTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func summary(_ epoch: Int, _ tally: Evaluator.Tally?, average: Evaluator.Tally? = nil)
    -> EpochSummary
  {
    EpochSummary(
      epoch: epoch, updates: 10 * (epoch + 1), learningRate: 0.25, trainingLoss: 1.5, tally: tally,
      averageTally: average, isBest: true, isBestAverage: true, isLast: false, parameters: 1, skipped: nil)
  }

  private func tally(_ correct: Int) -> Evaluator.Tally {
    var tally = Evaluator.Tally()
    (tally.images, tally.correct1, tally.correct5, tally.loss) = (8, correct, correct + 1, 4)
    for label in 0...1 { tally.classes.count(label, predicted: 1) }
    return tally
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)
  }

  @Test func `the table has its head once, and blanks for what is not known`() throws {
    for epoch in 0...1 {
      let table = EpochTable(try GrowingFile(addingTo: folder.path + "/table"))
      table.finish(summary(epoch, epoch == 0 ? nil : tally(2), average: epoch == 0 ? nil : tally(6)))
    }
    #expect(
      try text("table") == """
        epoch,train_loss,eval_loss,eval_top1,eval_top5,lr,eval_balanced,eval_loss_ema,eval_top1_ema,eval_top5_ema,eval_balanced_ema
        0,1.5,,,,0.25,,,,,
        1,1.5,0.5,25.0,37.5,0.25,50.0,0.5,75.0,87.5,50.0

        """)
  }

  @Test func `the file for Prometheus is replaced after a pause, and at an epoch's end`() throws {
    var time = 100.0
    let file = PrometheusFile(
      folder.path + "/a.prom", run: "out \"1\"", epochs: 3, best: BestAccuracy(), now: { time })
    func settle(_ number: Int) {
      var record = StepRecord(
        epoch: 0, updates: number, loss: 0.5, learningRate: 0.25, gradientNorm: .infinity, signals: [],
        phases: [:], communication: CommunicationTime())
      record.place.steps = number
      (record.epochSteps, record.images) = (9, 4)
      file.settle(record)
    }
    func value(_ name: String) throws -> Substring? {
      try text("a.prom").split(separator: "\n").first { $0.hasPrefix("twins_\(name){") }?.split(
        separator: " "
      ).last
    }
    settle(1)
    (time, _) = (101, settle(2))
    #expect(try value("updates_total") == "1.0")
    time = 107
    settle(3)
    #expect(try value("updates_total") == "3.0" && value("gradient_norm") == "+Inf")
    #expect(try text("a.prom").contains("twins_loss{run=\"out \\\"1\\\"\"} 0.5\n"))
    file.finish(summary(0, tally(4)))
    file.finish(summary(1, tally(2)))
    #expect(try value("eval_acc1_percent") == "25.0" && value("eval_best_acc1_percent") == "50.0")
    #expect(try value("eval_ema_acc1_percent") == nil && value("finished_epochs") == "2.0")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.prom"])
  }

  @Test func `what cannot be written for Prometheus ends no run`() {
    let file = PrometheusFile(folder.path + "/no/such/a.prom", run: "", epochs: 1, best: BestAccuracy())
    file.finish(summary(0, tally(4)))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/no"))
  }
}
