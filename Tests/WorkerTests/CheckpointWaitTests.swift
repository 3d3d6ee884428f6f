import TestSupport
import Testing
import WorkerLink

@testable import Checkpoint
@testable import Collective
@testable import Worker

@Suite struct CheckpointWaitTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Whether each of three ranks finds the writer free, while rank 0 saves to a disk that `letGo` lets go on.
  private func free(within patience: Duration, letGo: @escaping @Sendable (Int) -> Bool) throws -> [Bool] {
    let gate = Gate()
    var store = CheckpointStore(folder: folder.path + "/checkpoints")
    store.disk = FileSystem { _ in
      gate.pass()
      return .proceed
    }
    let writer = CheckpointWriter(store)
    #expect(writer.begin(CheckpointName(epoch: 0), state: 0) { _ in })
    defer {
      gate.open()
      #expect(writer.wait(within: .seconds(60)))
    }
    return try onThreeRanks { rank, group in
      var looks = 0
      return try writersAreFree(rank == 0 ? writer : nil, in: group, within: patience) { phase in
        guard rank == 0, phase == .communicate else { return }
        looks += 1
        if letGo(looks) { gate.open() }
      }
    }
  }

  @Test func `all ranks wait for a save that ends in time`() throws {
    #expect(try free(within: .seconds(60)) { $0 == 1 } == [true, true, true])
  }

  @Test func `all ranks stop waiting together`() throws {
    #expect(try free(within: .milliseconds(1)) { _ in false } == [false, false, false])
  }

  @Test func `nobody waits where nothing is being saved`() throws {
    let writer = CheckpointWriter(CheckpointStore(folder: folder.path))
    #expect(try writersAreFree(writer, in: SoloGroup(), within: .zero))
  }
}
