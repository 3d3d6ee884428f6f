import Foundation
import Testing

@testable import Checkpoint

/// A run, as users name it.
@Suite struct NamedRunTests {
  let folder: TemporaryFolder
  private var output: String { "\(folder.path)/out" }
  private var store: CheckpointStore { CheckpointStore(ofRunIn: output) }

  init() throws { folder = try TemporaryFolder() }

  @Test func `an output folder and its folder of checkpoints mean the run`() throws {
    try store.save(epoch: 3)
    for path in [output, "\(output)/", "\(output)/checkpoints", "\(output)/checkpoints/"] {
      let found = try #require(CheckpointStore(naming: path), "\(path)")
      #expect(found.outputFolder == output)
      #expect(found.newestVerified().checkpoint?.name == "epoch-3")
    }
  }

  @Test func `checkpoints that were copied elsewhere are a run without an output folder`() throws {
    try CheckpointStore(folder: "\(folder.path)/copies").save(epoch: 3)
    let found = try #require(CheckpointStore(naming: "\(folder.path)/copies"))
    #expect(found.outputFolder == nil && found.isBegun)
  }

  @Test func `a checkpoint, half of one, weights and nothing are no run`() throws {
    try store.save(epoch: 3)
    try FileManager.default.createDirectory(
      atPath: "\(output)/checkpoints/epoch-4/lost", withIntermediateDirectories: true)
    let weights = try folder.write(Data(), "best.safetensors")
    for path in ["\(output)/checkpoints/epoch-3", "\(output)/checkpoints/epoch-4", weights, "/nowhere"] {
      #expect(CheckpointStore(naming: path) == nil, "\(path)")
    }
  }

  @Test func `the newest state is read without a look at the tensors`() throws {
    try store.save(epoch: 3)
    try store.save(epoch: 4)
    let newest = "\(output)/checkpoints/epoch-4"
    try Data().write(to: URL(fileURLWithPath: "\(newest)/model.safetensors"))
    let found = try #require(store.newestState(State.self))
    #expect(found.state.epoch == 4 && found.folder == newest)
    try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(newest)/state.json"))
    #expect(store.newestState(State.self)?.state.epoch == 3)
  }
}
