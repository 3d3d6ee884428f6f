import Foundation
import Testing

@testable import Checkpoint

/// The power fails at each system call of a save in turn: the newest or the previous checkpoint is found, whole.
@Suite struct PowerCutTests {
  /// Which name is saved after 1 and 2, and whether two names can be swapped.
  enum Save: CaseIterable {
    case aNewName, aNameAgain, aNameAgainWithoutSwaps, theFirst

    var epoch: Int { self == .aNewName ? 3 : 2 }
    var earlier: ClosedRange<Int>? { self == .theFirst ? nil : 1...2 }
  }

  @Test(arguments: Save.allCases, PowerCut.Loss.allCases)
  func `the newest or the previous is found`(save: Save, loss: PowerCut.Loss) throws {
    for shortWrites in loss == .torn ? [false, true] : [false] {
      var last = 0
      while try cut(save, loss, at: last, shortWrites) { last += 1 }
      #expect(last > 20)
    }
  }

  /// False where the save ended before the call was reached.
  private func cut(_ save: Save, _ loss: PowerCut.Loss, at last: Int, _ shortWrites: Bool) throws -> Bool {
    let folder = try TemporaryFolder()
    var store = CheckpointStore(folder: "\(folder.path)/checkpoints")
    for epoch in save.earlier.map(Array.init) ?? [] { try store.save(epoch: epoch) }
    let power = PowerCut(at: last, shortWrites: shortWrites)
    store.disk = power.disk
    if save == .aNameAgainWithoutSwaps { store.disk = power.disk.withoutSwaps }
    let outcome = Result { try store.save(epoch: save.epoch, from: 100) }
    power.lose(loss, in: folder.path)
    store.disk = FileSystem()
    let found = store.newestVerified()
    let value = try found.checkpoint?.state(State.self).epoch
    let expected: Set<Int?> = [save.earlier?.upperBound, 100 + save.epoch]
    // Without swaps, power that fails between two renames may leave the one before.
    #expect(expected.contains(value), "\(save) \(loss) at \(last): \(found)")
    if case .success = outcome { #expect(value == 100 + save.epoch) }
    #expect(found.refused == [], "\(save) \(loss) at \(last)")
    try expectRecovery(of: store, in: folder)
    return power.happened
  }

  /// The next save succeeds and takes away what the cut left.
  private func expectRecovery(of store: CheckpointStore, in folder: TemporaryFolder) throws {
    try store.save(epoch: 4)
    #expect(try store.newestEpoch() == 4)
    try store.prune(keeping: 1)
    #expect(folder.names("checkpoints") == ["epoch-4"])
  }

  @Test(arguments: PowerCut.Loss.allCases)
  func `pruning loses nothing that is kept`(loss: PowerCut.Loss) throws {
    var last = 0
    var happened = true
    while happened {
      let folder = try TemporaryFolder()
      var store = CheckpointStore(folder: "\(folder.path)/checkpoints")
      for epoch in 1...4 { try store.save(epoch: epoch) }
      let power = PowerCut(at: last)
      store.disk = power.disk
      try? store.prune(keeping: 2)
      power.lose(loss, in: folder.path)
      store.disk = FileSystem()
      #expect(try store.newestEpoch() == 4)
      #expect(folder.names("checkpoints").filter { !$0.hasPrefix(".") }.suffix(2) == ["epoch-3", "epoch-4"])
      try expectRecovery(of: store, in: folder)
      happened = power.happened
      last += 1
    }
    #expect(last > 10)
  }
}

extension FileSystem {
  /// As a file system that cannot swap two names.
  fileprivate var withoutSwaps: FileSystem {
    FileSystem { $0.operation == .replace ? .fail(EINVAL) : answer($0) }
  }
}
