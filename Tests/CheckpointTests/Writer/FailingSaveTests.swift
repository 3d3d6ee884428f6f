import Foundation
import Testing

@testable import Checkpoint

/// A save that fails at each of its operations in turn.
@Suite struct FailingSaveTests {
  /// Where it saves a new name, and where it replaces one, a failing operation harms no earlier checkpoint.
  @Test(arguments: [false, true], [3, 1])
  func `earlier checkpoints survive`(isCrash: Bool, epoch: Int) throws {
    var number = 0
    var isSaved = false
    while !isSaved {
      let folder = try TemporaryFolder()
      var store = CheckpointStore(folder: "\(folder.path)/checkpoints")
      try store.save(epoch: 1)
      try store.save(epoch: 2)
      store.disk = FailingFileSystem(failingAt: number, isCrash: isCrash).disk
      isSaved = (try? store.save(epoch: epoch)) != nil
      store.disk = FileSystem()
      let newest = try #require(try store.newestEpoch())
      #expect(newest == (isSaved ? epoch : 2) || newest == epoch)
      #expect(store.newestVerified().refused == [])
      try expectRecovery(of: store, in: folder, named: "epoch-\(epoch)")
      number += 1
    }
    #expect(number > 20)
  }

  /// The next save succeeds, and takes away what the failed one left.
  private func expectRecovery(of store: CheckpointStore, in folder: TemporaryFolder, named name: String)
    throws
  {
    try store.save(epoch: 4)
    #expect(try store.newestEpoch() == 4)
    let names = Set(folder.names("checkpoints"))
    #expect(names.isSuperset(of: ["epoch-1", "epoch-2", "epoch-4"]))
    #expect(names.isSubset(of: ["epoch-1", "epoch-2", "epoch-4", name]))
  }

  @Test func `the error says what to do`() throws {
    let folder = try TemporaryFolder()
    var store = CheckpointStore(folder: "\(folder.path)/checkpoints")
    store.disk = FileSystem {
      $0.operation == .write && $0.path.hasSuffix("state.json") ? .fail(ENOSPC) : .proceed
    }
    let error = #expect(throws: CheckpointError.self) { try store.save(epoch: 1) }
    let text = try #require(error?.description)
    #expect(text.contains("state.json: No space left on device. `df -h` shows which disk is full"))
    #expect(folder.names("checkpoints") == [])
  }

  @Test func `a folder that cannot be made is named`() {
    let error = #expect(throws: CheckpointError.self) {
      try CheckpointStore(folder: "/proc/checkpoints").save(epoch: 1)
    }
    #expect(error?.description.hasPrefix("cannot make /proc/checkpoints: ") == true)
  }
}
