import Foundation
import Recipe
import TensorBoard
import TestSupport
import Testing
import Training

@testable import Worker

@Suite struct EventFilesTests {
  private let outer: TemporaryFolder
  private var files: EventFiles { EventFiles(folder: outer.path + "/tensorboard") }

  init() throws { outer = try TemporaryFolder() }

  private func names(_ folder: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: files.folder + folder).sorted()
  }

  /// Steps of the events in all files, an epoch's with its number before it.
  private func places() throws -> [String] {
    var places: [String] = []
    for name in try names() where name.hasPrefix("events") {
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(files.folder)/\(name)")))
      let length = EventPlace.length(of: bytes) { place in
        places.append(
          place.tag == "epoch" ? "epoch \(Int(place.scalar ?? -1)) at \(place.step)" : "\(place.step)")
        return true
      }
      #expect(length == bytes.count)
    }
    return places
  }

  private func write(_ steps: [Int], epochs: [Int: Int] = [:], at time: Double = 1) throws {
    let file = try files.open(at: time)
    for step in steps {
      file.add(Event([.scalar("train/loss", 1)], step: step, at: time).record)
      guard let epoch = epochs[step] else { continue }
      file.add(Event([.scalar("epoch", Double(epoch))], step: step, at: time).record)
    }
  }

  private func state(epoch: Int, updates: Int, after steps: Int? = nil) -> TrainingState {
    TrainingState(
      epoch: epoch, steps: updates, bestAccuracy: 0, classes: [], recipe: Recipe(),
      partial: steps.map { PartialEpoch(steps: $0) })
  }

  @Test func `a later file comes after the earlier ones, whatever the clock does`() throws {
    for time in [2_000_000_000.0, 1_000_000_000, 2_000_000_001] { try write([], at: time) }
    #expect(
      try names() == [
        "events.out.tfevents.2000000000.00000", "events.out.tfevents.2000000000.00001",
        "events.out.tfevents.2000000001.00002",
      ])
  }

  @Test func `what comes after a checkpoint inside an epoch goes`() throws {
    try write([1, 2, 3, 4, 5], epochs: [3: 0])
    try files.trim(to: state(epoch: 1, updates: 4, after: 1))
    #expect(try places() == ["1", "2", "3", "epoch 0 at 3", "4"])
  }

  @Test func `an epoch that is not finished is evaluated again, and one that is stays`() throws {
    try write([1, 2, 3], epochs: [3: 0])
    try files.trim(to: state(epoch: 1, updates: 3, after: 0))
    #expect(try places() == ["1", "2", "3", "epoch 0 at 3"])
    try files.trim(to: state(epoch: 0, updates: 3))
    #expect(try places() == ["1", "2", "3", "epoch 0 at 3"])
    try files.trim(to: state(epoch: 0, updates: 3, after: 3))
    #expect(try places() == ["1", "2", "3"])
  }

  @Test func `later attempts go as a whole, and a torn record with them`() throws {
    try write([1, 2])
    try write([3, 4])
    try write([5])
    let torn = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(files.folder)/\(try names()[0])"))
    try torn.seekToEnd()
    try torn.write(contentsOf: Data([7, 0, 0]))
    try torn.close()
    try files.trim(to: state(epoch: 0, updates: 3, after: 3))
    #expect(try places() == ["1", "2"])
  }

  @Test func `another run's curves get a folder of their own`() throws {
    for number in 1...2 {
      try write([1])
      try files.setAside()
      #expect(try names() == (1...number).map { "earlier-\($0)" })
      #expect(try names("/earlier-\(number)").count == 1 && !files.areThere)
    }
    try files.setAside()
    #expect(try names() == ["earlier-1", "earlier-2"])
  }
}
