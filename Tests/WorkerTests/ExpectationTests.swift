import Foundation
import Model
import Recipe
import TestSupport
import Testing
import Torch

@testable import Worker

/// What a dry run says of memory and time.
@Suite struct ExpectationTests {
  @Test(arguments: [
    ("alt_gvt_nano", 10, 64), ("pcpvt_small_v0", 1000, 224), ("deit_tiny_patch16_224", 10, 224),
    ("deit_tiny_patch16_224", 1000, 96), ("deit_tiny_distilled_patch16_224", 10, 288),
  ])
  func `a network is as large as was said before it was made`(name: String, classes: Int, side: Int) throws {
    var recipe = Recipe()
    recipe.model.name = name
    recipe.data.inputSize = side
    let network = try makeNetwork(recipe, classes: classes, on: .cpu)
    #expect(ModelFacts.parameters(of: name, classes: classes, side: side) == network.parameterCount)
  }

  @Test func `memory is that of what a worker keeps, and its moments are shared out`() {
    let memory = Expectation.Memory(parameters: 1_000_000, moments: 2, shares: 4, averages: true)
    #expect(memory.kept == 14_000_000)
    #expect(
      memory.line.hasPrefix(
        "Memory: 14.0 MB a worker for weights 4.0 MB, gradients 4.0 MB, moments 2.0 MB (of 8.0 MB on all 4), average 4.0 MB;"
      ))
    let plain = Expectation.Memory(parameters: 1_000_000, moments: 0, shares: 1, averages: false)
    #expect(plain.line.hasPrefix("Memory: 8.0 MB a worker for weights 4.0 MB, gradients 4.0 MB;"))
    var stepping = plain
    stepping.step = .init(activations: (2_000_000, 8), packed: 0)
    #expect(
      stepping.line.hasPrefix(
        "Memory: about 202.3 MB a worker, for weights 4.0 MB, gradients 4.0 MB, activations 16.0 MB (2.0 MB an image), libraries "
      ),
      "\(stepping.line)")
  }

  /// As runs were measured: what another image adds to the peak, within a fifth.
  @Test(arguments: [
    ("alt_gvt_small", DType.float32, 46.5), ("pcpvt_small_v0", .float32, 68.2),
    ("deit_tiny_patch16_224", .float32, 21.5), ("deit_small_patch16_224", .float32, 37.2),
    ("alt_gvt_small", .bfloat16, 25.9), ("deit_small_patch16_224", .bfloat16, 17.4),
  ])
  func `what a step keeps of an image is about what was measured`(
    name: String, type: DType, mebibytes: Double
  )
    throws
  {
    let bytes = try #require(SavedActivations(of: name, side: 224, type)).bytes
    #expect(abs(Double(bytes) / 1_048_576 / mebibytes - 1) < 0.2, "\(Double(bytes) / 1_048_576)")
    #expect(try #require(SavedActivations(of: name, side: 224, type, recomputes: true)).bytes < bytes * 3 / 5)
    #expect(SavedActivations(of: "resnet50", side: 224, type) == nil)
  }

  @Test func `rank 0 copies the moments of all to save them`() {
    var memory = Expectation.Memory(parameters: 1_000_000, moments: 2, shares: 4, averages: true)
    memory.step = .init(activations: (0, 0), packed: 0)
    #expect(memory.line.hasSuffix("on rank 0 16.0 MB more, which it copies to be saved"), "\(memory.line)")
  }

  /// (workers, threads of each, images a second) on two processors.
  @Test(arguments: [(1, 1, 10.0), (1, 2, 20), (2, 1, 20), (4, 1, 20), (2, 2, 20)])
  func `workers are as fast together as their processors`(workers: Int, threads: Int, expected: Double) {
    // One processor's peak of 100 operations, of which 60 are reached; six an image.
    let speed = ReckonedSpeed(
      multiplyAdds: 1, peak: 100 * Double(threads), threads: threads, workers: workers, processors: 2)
    #expect(speed.imagesPerSecond(batch: 8) == expected)
  }

  @Test func `a step that is over too soon tells no time`() {
    let speed = ReckonedSpeed(multiplyAdds: 1, peak: 100_000, threads: 1, workers: 2, processors: 2)
    #expect(speed.imagesPerSecond(batch: 400) == nil)
    #expect(speed.imagesPerSecond(batch: 600) != nil)
  }

  @Test func `time is told by a run of the same steps alone`() throws {
    let place = try TemporaryFolder()
    var recipe = Recipe()
    recipe.worldSize = 2
    func write(_ run: String, _ speeds: [String], _ change: (inout Recipe) -> Void = { _ in }) throws {
      var other = recipe
      change(&other)
      let folder = "\(place.path)/\(run)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Data(other.document.utf8).write(to: URL(filePath: "\(folder)/recipe.json"))
      let lines = speeds.map { "{\"step\": 1, \"images_per_second\": \($0)}\n" }
      try Data(lines.joined().utf8).write(to: URL(filePath: "\(folder)/train.jsonl"))
    }
    func pace() -> EarlierPace? { EarlierPace(of: recipe, near: "\(place.path)/new") }
    #expect(pace() == nil)
    try write("batch", ["9"]) { $0.data.batchSize = 3 }
    try write("model", ["9"]) { $0.model.name = "alt_gvt_base" }
    try write("workers", ["9"]) { $0.worldSize = 1 }
    try write("torn", ["null", "0"])
    #expect(pace() == nil)
    try write("same", ["1", "200", "210", "205", "null"]) { $0.schedule.epochs = 7 }
    #expect(pace() == EarlierPace(folder: "\(place.path)/same", imagesPerSecond: 205))
    try write("new", ["50"])
    #expect(pace() == EarlierPace(folder: "\(place.path)/new", imagesPerSecond: 50))
  }

  @Test func `the time is that of all images at that speed, and without one it is not invented`() {
    var expectation = Expectation(
      updates: (epoch: 10, all: 30), images: 1000, measurement: "twins-launch bench step")
    #expect(
      expectation.lines == [
        "Updates: 10 an epoch, 30 in all",
        "Time: not known, since no run like this lies beside its folder. Some steps to measure: twins-launch bench step",
      ])
    expectation.pace = EarlierPace(folder: "runs/a", imagesPerSecond: 50)
    #expect(
      expectation.lines.last?.hasPrefix(
        "Time: 0:00:20 an epoch and 0:01:00 in all, at 50.0 images/s as in runs/a,") == true)
    expectation.done = 25
    #expect(expectation.lines.first == "Updates: 10 an epoch, 30 in all, of which 25 are made")
    #expect(expectation.lines.last?.hasPrefix("Time: 0:00:20 an epoch and 0:00:10 for the rest, at") == true)
  }
}

/// What a run says of the disk before it writes.
@Suite struct DiskRoomTests {
  @Test func `a disk that has no room for all checkpoints is doubted, and those that lie there give theirs`()
    throws
  {
    var room = DiskRoom(
      checkpoint: 300_000_000, weights: 100_000_000, keep: 2, free: 1_400_000_000, folder: "runs/a")
    #expect(
      room.line
        == "Disk: 300.0 MB a checkpoint, and up to 1.4 GB for all that are kept and the best weights; 1.4 GB are free"
    )
    #expect(room.doubt == nil)
    room.free = 1_399_999_999
    #expect(
      room.doubt?.hasPrefix(
        "checkpoints and weights will take up to 1.4 GB, and 1.4 GB are free for runs/a:") == true)
    #expect(room.doubt?.contains("--keep 1") == true)
    room.present = 1
    #expect(room.doubt == nil)
    room.free = nil
    #expect(room.doubt == nil && room.line.hasSuffix("the best weights"))
    try room.requireFileSize(100_000_000)
    try room.requireFileSize(nil)
    #expect(throws: Failure.self) { try room.requireFileSize(99_999_999) }
  }
}
