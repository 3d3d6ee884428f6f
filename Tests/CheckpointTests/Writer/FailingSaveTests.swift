import Foundation
import Testing

@testable import Checkpoint

/// A save that fails at each of its operations in turn.
@Suite struct FailingSaveTests {
  /// A new name, and one that is there already, with other numbers.
  @Test(arguments: [false, true], [3, 1])
  func `every checkpoint is as it was, or the new one is whole`(isCrash: Bool, epoch: Int) throws {
    let name = "epoch-\(epoch)"
    var number = 0
    while true {
      let folder = try TemporaryFolder()
      var store = CheckpointStore(folder: "\(folder.path)/checkpoints")
      try store.save(epoch: 1)
      try store.save(epoch: 2)
      let failing = FailingFileSystem(failingAt: number, isCrash: isCrash)
      store.disk = failing.disk
      let isSaved = (try? store.save(epoch: epoch, from: 100)) != nil
      store.disk = FileSystem()
      guard let call = failing.failed else {
        #expect(isSaved)
        break
      }
      // The earlier one goes when the new one is safe; what cannot be removed makes no save fail.
      #expect(isSaved == (call.operation == .remove), "\(call)")
      let isNew = isSaved || call.hasPublished(in: store) && (isCrash || epoch == 3)
      #expect(try store.epoch(of: name) == (isNew ? epoch + 100 : epoch == 1 ? 1 : nil), "\(call)")
      #expect(try store.epoch(of: "epoch-2") == 2, "\(call)")
      #expect(store.newestVerified().refused == [])
      try expectRecovery(of: store, in: folder, named: name)
      number += 1
    }
    #expect(number > 20)
  }

  /// A file system that cannot swap two names moves the earlier one aside.
  @Test(arguments: [false, true]) func `without swaps no checkpoint is lost either`(isCrash: Bool) throws {
    var number = 0
    while true {
      let folder = try TemporaryFolder()
      var store = CheckpointStore(folder: "\(folder.path)/checkpoints")
      try store.save(epoch: 1)
      let failing = FailingFileSystem(failingAt: number, isCrash: isCrash)
      store.disk = FileSystem { $0.operation == .replace ? .fail(EINVAL) : failing.disk.answer($0) }
      let isSaved = (try? store.save(epoch: 1, from: 100)) != nil
      store.disk = FileSystem()
      let found = try [store.epoch(of: "epoch-1"), store.epoch(of: "epoch-1.earlier")]
      if isSaved {
        #expect(found[0] == 101, "\(String(describing: failing.failed))")
      } else {
        #expect(isCrash ? found.contains(1) : found == [1, nil], "\(String(describing: failing.failed))")
      }
      if failing.failed == nil { break }
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

extension FileSystem.Call {
  /// Whether it makes sure that a new checkpoint's name is on the disk.
  fileprivate func hasPublished(in store: CheckpointStore) -> Bool {
    operation == .sync && path == store.folder
  }
}
