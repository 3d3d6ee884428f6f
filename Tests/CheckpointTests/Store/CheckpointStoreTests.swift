import Foundation
import Testing

@testable import Checkpoint

@Suite struct CheckpointStoreTests {
  let folder: TemporaryFolder
  let store: CheckpointStore

  init() throws {
    folder = try TemporaryFolder()
    store = CheckpointStore(folder: "\(folder.path)/checkpoints")
  }

  @Test func `an empty store has nothing`() throws {
    let search = store.newestVerified()
    #expect(search.checkpoint == nil)
    #expect(search.refused == [])
    try store.prune(keeping: 1)
  }

  @Test func `gives back what was saved`() throws {
    try store.save(epoch: 3)
    let checkpoint = try #require(store.newestVerified().checkpoint)
    #expect(checkpoint.name == "epoch-3")
    #expect(try checkpoint.state(State.self) == State(epoch: 3))
    #expect(try checkpoint.tensors(of: "model").floats("head.weight") == (3..<67).map(Float.init))
    #expect(throws: CheckpointError.self) { try checkpoint.tensors(of: "none") }
    #expect(throws: CheckpointError.self) { try checkpoint.state([String].self) }
    #expect(folder.names("checkpoints") == ["epoch-3"])
    #expect(
      folder.names("checkpoints/epoch-3")
        == ["manifest.json", "model.safetensors", "optimizer.safetensors", "state.json"])
  }

  /// Newest is what was saved last, whatever the names and the clock say.
  @Test func `the last saved is the newest`() throws {
    for epoch in [9, 10, 2] { try store.save(epoch: epoch) }
    #expect(try store.newestEpoch() == 2)
  }

  @Test func `saving a name again replaces it`() throws {
    for epoch in [1, 2, 1] { try store.save(epoch: epoch) }
    #expect(folder.names("checkpoints") == ["epoch-1", "epoch-2"])
    #expect(try store.newestEpoch() == 1)
  }

  @Test func `replaces where names cannot be swapped`() throws {
    var store = store
    store.disk = FileSystem { $0.operation == .replace ? .fail(EINVAL) : .proceed }
    for epoch in [1, 2, 1] { try store.save(epoch: epoch) }
    #expect(folder.names("checkpoints") == ["epoch-1", "epoch-2"])
    #expect(try store.newestEpoch() == 1)
  }

  @Test func `pruning keeps the newest`() throws {
    for epoch in 1...5 { try store.save(epoch: epoch) }
    try store.prune(keeping: 2)
    #expect(folder.names("checkpoints") == ["epoch-4", "epoch-5"])
    try store.prune(keeping: 0)
    #expect(folder.names("checkpoints") == ["epoch-5"])
  }

  @Test func `pruning never removes the newest that is whole`() throws {
    for epoch in 1...4 { try store.save(epoch: epoch) }
    for epoch in [3, 4] { try flip("epoch-\(epoch)/model.safetensors", at: -1) }
    try store.prune(keeping: 1)
    #expect(folder.names("checkpoints") == ["epoch-2", "epoch-4"])
    #expect(try store.newestEpoch() == 2)
  }

  @Test func `pruning removes nothing where nothing is whole`() throws {
    for epoch in 1...3 {
      try store.save(epoch: epoch)
      try flip("epoch-\(epoch)/state.json", at: 5)
    }
    try store.prune(keeping: 1)
    #expect(folder.names("checkpoints").count == 3)
  }

  @Test func `state that is not JSON is refused`() throws {
    try store.save(epoch: 1)
    #expect(throws: CheckpointError.self) {
      try store.save(name: "epoch-2", files: [], state: State(epoch: 2, best: .nan))
    }
    #expect(try store.newestEpoch() == 1)
  }

  @Test func `the folders of dead writers are removed`() throws {
    try store.save(epoch: 1)
    let dead = "\(store.folder)/.epoch-2.999999999-1.tmp"
    try FileManager.default.createDirectory(atPath: dead, withIntermediateDirectories: false)
    try Data("half".utf8).write(to: URL(fileURLWithPath: "\(dead)/model.safetensors"))
    #expect(try store.newestEpoch() == 1)
    try store.save(epoch: 3)
    #expect(folder.names("checkpoints") == ["epoch-1", "epoch-3"])
  }

  private func flip(_ file: String, at offset: Int) throws {
    try flipByte("\(store.folder)/\(file)", at: offset)
  }
}

/// Changes one byte of a file; a negative offset counts from the end.
func flipByte(_ path: String, at offset: Int) throws {
  var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
  bytes[offset < 0 ? bytes.count + offset : offset] ^= 0x40
  try bytes.write(to: URL(fileURLWithPath: path))
}
