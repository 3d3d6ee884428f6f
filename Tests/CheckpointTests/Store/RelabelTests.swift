import Foundation
import System
import Testing

@testable import Checkpoint

/// A checkpoint that gets another name and state without its tensors being written again.
@Suite struct RelabelTests {
  let folder: TemporaryFolder
  let store: CheckpointStore

  init() throws {
    folder = try TemporaryFolder()
    store = CheckpointStore(folder: "\(folder.path)/checkpoints")
  }

  private func relabel(in store: CheckpointStore, isBest: Bool = false) throws {
    _ = try store.relabel("epoch-2", as: "epoch-9", state: State(epoch: 2, best: 99), isBest: isBest)
  }

  @Test func `it has the same files under another name, and the first name is gone`() throws {
    for epoch in 1...2 { try store.save(epoch: epoch) }
    let number = try number(of: "epoch-2/model.safetensors")
    try relabel(in: store)
    #expect(folder.names("checkpoints") == ["epoch-1", "epoch-9"])
    #expect(try self.number(of: "epoch-9/model.safetensors") == number)
    #expect(try store.newestEpoch() == 2)
    #expect(try store.newestVerified().checkpoint?.state(State.self).best == 99)
  }

  @Test func `what was found to be the best stays`() throws {
    for epoch in 1...2 { try store.save(epoch: epoch) }
    try relabel(in: store, isBest: true)
    for epoch in 3...4 { try store.save(epoch: epoch) }
    try store.prune(keeping: 1)
    #expect(folder.names("checkpoints") == ["epoch-4", "epoch-9"])
  }

  @Test(arguments: PowerCut.Loss.allCases)
  func `power that fails at any call leaves it as it was or as it is to be`(loss: PowerCut.Loss) throws {
    var (last, happened) = (0, true)
    while happened {
      let folder = try TemporaryFolder()
      var store = CheckpointStore(folder: "\(folder.path)/checkpoints")
      for epoch in 1...2 { try store.save(epoch: epoch) }
      let power = PowerCut(at: last)
      store.disk = power.disk
      let outcome = Result { try relabel(in: store) }
      power.lose(loss, in: folder.path)
      store.disk = FileSystem()
      let best = try store.newestVerified().checkpoint?.state(State.self).best
      #expect(try store.newestEpoch() == 2)
      #expect(best == 99 || best == 97.25, "\(loss) at \(last)")
      if case .success = outcome { #expect(best == 99, "\(loss) at \(last)") }
      #expect(store.newestVerified().refused == [], "\(loss) at \(last)")
      try store.save(epoch: 4)
      try store.prune(keeping: 1)
      #expect(folder.names("checkpoints") == ["epoch-4"])
      happened = power.happened
      last += 1
    }
    #expect(last > 10)
  }

  @Test func `a file system without second names has it saved anew`() throws {
    let disk = FileSystem { $0.operation == .link ? .fail(EPERM) : .proceed }
    let writer = CheckpointWriter(store.on(disk), keeping: 1)
    let (steps, end) = (CheckpointName(epoch: 0, step: 7), CheckpointName(epoch: 0))
    try writer.succeed(steps, floats: 10)
    #expect(!writer.relabel(steps, as: end, state: 0))
    #expect(writer.takeOutcome() == nil)
    #expect(folder.names("checkpoints") == ["\(steps)"])
    try writer.succeed(end, floats: 10)
    #expect(folder.names("checkpoints") == ["\(end)"])
  }

  @Test func `a writer relabels what it has saved, and prunes`() throws {
    let writer = CheckpointWriter(store, keeping: 1)
    try writer.succeed(CheckpointName(epoch: 0), floats: 10)
    try writer.succeed(CheckpointName(epoch: 1, step: 7), floats: 10)
    #expect(writer.relabel(CheckpointName(epoch: 1, step: 7), as: CheckpointName(epoch: 1), state: 1))
    #expect(try writer.takeOutcome()?.get().name == "epoch-0001")
    #expect(folder.names("checkpoints") == ["epoch-0001"])
    #expect(!writer.relabel(CheckpointName(epoch: 5), as: CheckpointName(epoch: 6), state: 6))
  }

  @Test func `a folder that is removed in the middle of a save is made again`() throws {
    let path = folder.path
    let isGone = Monitor(false)
    let disk = FileSystem { call in
      if call.operation == .rename, isGone.withLock({ $0.setTrue() }) {
        try? FileManager.default.removeItem(atPath: path)
      }
      return .proceed
    }
    let writer = CheckpointWriter(store.on(disk), keeping: 1)
    try writer.succeed(CheckpointName(epoch: 3), floats: 10)
    #expect(isGone.withLock { $0 })
    #expect(folder.names("checkpoints") == ["epoch-0003"])
    #expect(store.holds(CheckpointName(epoch: 3)) && !store.holds(CheckpointName(epoch: 4)))
  }

  private func number(of file: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: "\(store.folder)/\(file)")
    return try #require(attributes[.systemFileNumber] as? Int)
  }
}

extension Bool {
  /// Makes it true; whether it was not.
  fileprivate mutating func setTrue() -> Bool {
    defer { self = true }
    return !self
  }
}
