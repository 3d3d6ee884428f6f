import Checkpoint
import Glibc
import System
import TestSupport
import Testing
import WorkerLink

@testable import Collective
@testable import Worker

@Suite struct RoomWaitTests {
  private let wait = RoomWait(folder: "/proc", interval: 0.001)
  private static let full = Failure(CheckpointError.system(operation: "write", path: "x", errno: ENOSPC))
  private static let broken = Failure(CheckpointError.system(operation: "write", path: "x", errno: EIO))

  @Test func `all ranks wait until the first one has written`() throws {
    let ends = try onThreeRanks { rank, group in
      var tries = 0
      let failure = try wait.settle(rank == 0 ? Self.full : nil, in: group) {
        tries += 1
        return tries < 3 ? Self.full : nil
      }
      return (failure?.description, tries)
    }
    #expect(ends.map(\.0) == [nil, nil, nil] && ends.map(\.1) == [3, 0, 0])
  }

  @Test func `they stop waiting together when time is over`() throws {
    let wait = RoomWait(folder: "/proc", patience: .zero)
    let ends = try onThreeRanks { rank, group in
      try wait.settle(rank == 0 ? Self.full : nil, in: group) { nil }?.isForWantOfRoom
    }
    #expect(ends == [true, nil, nil])
  }

  @Test func `nothing else is waited for`() throws {
    for failure in [nil, Self.broken] {
      let end = try wait.settle(failure, in: SoloGroup()) {
        Issue.record("it is written again")
        return nil
      }
      #expect(end?.description == failure?.description)
    }
    #expect(try wait.settle(Self.full, in: SoloGroup()) { Self.broken }?.isForWantOfRoom == false)
  }
}
