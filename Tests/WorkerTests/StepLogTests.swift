import Foundation
import TestSupport
import Testing

@testable import Training
@testable import Worker

@Suite struct StepLogTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func record(_ number: Int, of count: Int, stall: Double? = nil) -> StepRecord {
    var record = StepRecord(
      epoch: 2, updates: 10 + number, loss: 0.5, learningRate: 0.25, gradientNorm: .infinity, signals: [],
      phases: [:], communication: CommunicationTime())
    record.place.steps = number
    (record.epochSteps, record.images, record.stallSeconds) = (count, 4, stall)
    return record
  }

  private func begin(_ log: StepLog, steps: Int) {
    log.begin(EpochRecord(epoch: 2, learningRate: 0.25, steps: steps, place: PartialEpoch()))
  }

  private func lines() throws -> [String] {
    try String(contentsOfFile: folder.path + "/log", encoding: .utf8).split(separator: "\n").map(String.init)
  }

  @Test func `every so many steps have a line, and an epoch's last one`() throws {
    let log = StepLog(try JSONLines(addingTo: folder.path + "/log"), every: 2)
    begin(log, steps: 6)
    for number in 1...6 { log.settle(record(number, of: 6)) }
    #expect(
      try lines().map { $0.prefix(60) }
        == [1, 3, 5, 6].map {
          "{\"epoch\": 2, \"step\": \(10 + $0), \"epoch_step\": \($0), \"loss\": 0.5, \"lr\": 0.25, \"grad_norm\": null"
            .prefix(60)
        })
  }

  @Test func `what checkpoints held up since the line before is in the next one, once`() throws {
    let log = StepLog(try JSONLines(addingTo: folder.path + "/log"), every: 3)
    begin(log, steps: 7)
    for number in 1...7 { log.settle(record(number, of: 7, stall: [2: 0.5, 3: 0.25][number])) }
    #expect(
      try lines().map { $0.contains("\"checkpoint_stall_seconds\": 0.75}") } == [false, true, false])
    #expect(try lines().filter { $0.contains("stall") }.count == 1)
  }

  @Test func `damaged images are a field where any may be skipped`() throws {
    let log = StepLog(try JSONLines(addingTo: folder.path + "/log"), every: 1)
    begin(log, steps: 2)
    var skipping = record(1, of: 2)
    skipping.place.skipped = [7, 9]
    log.settle(skipping)
    log.settle(record(2, of: 2))
    #expect(
      try lines().map { $0.contains("\"grad_norm\": null, \"skipped_pictures\": 2, ") } == [true, false])
  }
}
