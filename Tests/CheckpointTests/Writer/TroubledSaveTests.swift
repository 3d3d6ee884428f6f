import Foundation
import Glibc
import System
import Testing

@testable import Checkpoint

/// Disks that fail in the middle of a save: the run goes on, and the next save succeeds.
@Suite struct TroubledSaveTests {
  let folder: TemporaryFolder
  let store: CheckpointStore

  init() throws {
    folder = try TemporaryFolder()
    store = CheckpointStore(folder: "\(folder.path)/checkpoints")
    try store.save(epoch: 1)
    try store.save(epoch: 2)
  }

  static let troubles: [(CInt, SaveFailure.Kind, hint: String)] = [
    (ENOSPC, .noSpace, "`df -h` shows which disk is full"), (EDQUOT, .noSpace, "`quota` shows the limit"),
    (EFBIG, .noSpace, "`ulimit -f` shows"), (EROFS, .readOnly, "Choose a folder"),
    (EIO, .disk, "`dmesg` says more"), (ENOTCONN, .other, "not connected"),
  ]

  /// Half of the write still succeeds.
  @Test(arguments: troubles)
  func `the run goes on`(errno: CInt, kind: SaveFailure.Kind, hint: String) throws {
    let room = Monitor(500)
    let disk = FileSystem { call in
      guard call.operation == .write else { return .proceed }
      return room.withLock { room in
        defer { room = max(0, room - call.byteCount) }
        return room > 0 ? .shorten(to: room) : .fail(errno)
      }
    }
    let failing = CheckpointWriter(store.on(disk), keeping: 1)
    let failure = try #require(failing.save(CheckpointName(epoch: 3), floats: 1000).failure)
    #expect(failure.kind == kind)
    #expect(failure.bytesNeeded == 4001)
    #expect((failure.bytesFree ?? 0) > 0)
    #expect(failure.description.contains(hint), "\(failure)")
    #expect(failure.description.contains("checkpoint epoch-0003 was not saved: cannot write \(folder.path)"))
    #expect(failure.description.contains("It takes 0.0 MB, and ") == (kind == .noSpace))
    let old = [ENOSPC, EDQUOT].contains(errno) ? [] : ["epoch-1"]
    #expect(folder.names("checkpoints") == old + ["epoch-2"])
    #expect(failure.description.contains("To make room, epoch-1 went, in vain.") == old.isEmpty)
    // The same writer tries again, and there is room.
    room.withLock { $0 = 100_000 }
    let saved = try failing.succeed(CheckpointName(epoch: 3), floats: 1000)
    #expect(saved.removed == old + ["epoch-2"] && saved.warning == nil)
    #expect(folder.names("checkpoints") == ["epoch-0003"])
  }

  /// Whichever call fails, the newest or the one before is there, and what was half-written is gone.
  @Test func `whichever call fails`() throws {
    var number = 0
    var failures = 0
    while true {
      let failing = FailingFileSystem(failingAt: number, isCrash: false)
      let outcome = CheckpointWriter(store.on(failing.disk), keeping: 2)
        .save(CheckpointName(epoch: 10 + number), floats: 100)
      if outcome.failure != nil { failures += 1 }
      let found = store.newestVerified()
      #expect(found.checkpoint != nil && found.refused == [])
      if failing.operations <= number { break }
      // One call in a hundred is a removal, which can fail too; the next save makes up for it.
      try CheckpointWriter(store, keeping: 2).succeed(CheckpointName(epoch: 1000 + number), floats: 100)
      #expect(folder.names("checkpoints").count == 2, "call \(number)")
      number += 1
    }
    #expect(failures > 10 && number > failures)
  }

  @Test func `a removal that fails is a warning`() throws {
    let disk = FileSystem {
      $0.path.hasSuffix("epoch-1") || $0.source?.hasSuffix("epoch-1") == true ? .fail(EIO) : .proceed
    }
    let saved = try CheckpointWriter(store.on(disk), keeping: 1).succeed(CheckpointName(epoch: 3), floats: 9)

    #expect(saved.removed == [])
    #expect(saved.warning?.description.contains("cannot rename ") == true)
    #expect(try store.newestVerified().checkpoint?.state(Int.self) == 3)
  }

  /// The new one is on the disk by then; the next save removes what is left of the earlier one.
  @Test func `an earlier one of the same name that cannot be removed is a warning`() throws {
    let disk = FileSystem { $0.operation == .remove ? .fail(EIO) : .proceed }
    try CheckpointWriter(store).succeed(CheckpointName(epoch: 3), floats: 9)
    let saved = try CheckpointWriter(store.on(disk)).succeed(CheckpointName(epoch: 3), floats: 10)
    #expect(saved.warning?.description.contains("cannot remove ") == true)
    #expect(try store.newestVerified().checkpoint?.tensors(of: "model").floats("w").count == 10)
    try CheckpointWriter(store).succeed(CheckpointName(epoch: 4), floats: 9)
    #expect(folder.names("checkpoints") == ["epoch-0003", "epoch-0004", "epoch-1", "epoch-2"])
  }

  @Test func `the best is kept`() throws {
    let writer = CheckpointWriter(store, keeping: 2)
    for epoch in 3...8 { try writer.succeed(CheckpointName(epoch: epoch), floats: 9, isBest: epoch < 6) }
    #expect(folder.names("checkpoints") == ["epoch-0005", "epoch-0007", "epoch-0008"])
    try store.prune(keeping: 1)
    #expect(folder.names("checkpoints") == ["epoch-0005", "epoch-0008"])
  }
}
