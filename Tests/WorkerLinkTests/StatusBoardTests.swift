import Foundation
import Glibc
import System
import Testing

@testable import WorkerLink

@Suite struct StatusBoardTests {
  @Test func `what a worker says is what the launcher reads`() throws {
    let board = try #require(StatusBoard(ranks: 3))
    board.begin(rank: 1, at: 5)
    #expect(board.read(rank: 1)?.state.since == 5)
    let slot = try slot(of: board, rank: 1)
    var state = WorkerStatus()
    state.phase = .backward
    state.since = 77
    state.epoch = 3
    state.step = 4
    state.stepsOfEpoch = 9
    state.stepsDone = 31
    state.loss = 1.25
    state.imagesPerSecond = 812.5
    (state.isUnsaved, state.lacksRoom) = (true, true)
    state.card = WorkerStatus.Card(.npu, number: 7, peakBytes: 1 << 36)
    state.spent = Phase.allCases.map { UInt64($0.rawValue) * 1000 }
    var epoch = FinishedEpoch(2, seconds: 41)
    (epoch.trainingLoss, epoch.loss, epoch.accuracy1, epoch.accuracy5) = (1, 2, 3, 4)
    (epoch.balancedAccuracy, epoch.averageAccuracy1, epoch.best, epoch.isBest) = (5, 6, 7, true)
    state.finished = epoch
    slot.publish(state)
    #expect(board.read(rank: 1)?.state == state)
    #expect(board.read(rank: 1)?.updates == 2)
    #expect(board.read(rank: 0) == nil && board.read(rank: 2) == nil)
  }

  @Test func `the first failure on another host is known to all, and is no state's`() throws {
    let board = try #require(StatusBoard(ranks: 2))
    let slots = try (0..<2).map { try slot(of: board, rank: $0) }
    #expect(slots.map(\.failureElsewhere) == [nil, nil])
    slots[1].publish(Self.state(3))
    board.note(failureElsewhere: 0)
    board.note(failureElsewhere: 9)
    #expect(slots.map(\.failureElsewhere) == [0, 0])
    #expect(board.read(rank: 1)?.state == Self.state(3) && board.read(rank: 0) == nil)
  }

  @Test func `what cannot be is not believed`() {
    let words = [UInt64](repeating: .max, count: WorkerStatus.wordCount)
    let state = WorkerStatus(words: words)
    #expect(state.phase == .start)
    #expect(state.card == nil && !state.isUnsaved && !state.lacksRoom)
    #expect(state.epoch == nil && state.loss == nil && state.imagesPerSecond == nil)
    #expect(state.step == .max)
  }

  /// A state whose parts all come from one number shows when parts of two are mixed. More readers than cores are
  /// interrupted anywhere, also in the middle of a read.
  @Test func `no reader ever sees half of one state and half of another`() throws {
    let board = try #require(StatusBoard(ranks: 2))
    let slot = try slot(of: board, rank: 1)
    slot.publish(Self.state(1))
    let torn = Monitor<[WorkerStatus]>([])
    let group = DispatchGroup()
    for _ in 0..<2 * ProcessInfo.processInfo.activeProcessorCount {
      group.enter()
      Thread {
        var last = 0
        while last < Self.count {
          guard let state = board.read(rank: 1)?.state else { continue }
          if state != Self.state(state.step) || state.step < last { torn.withLock { $0.append(state) } }
          last = max(state.step, state.since == UInt64(state.step) ? state.step : Self.count)
        }
        group.leave()
      }.start()
    }
    for number in 2...Self.count { slot.publish(Self.state(number)) }
    #expect(group.wait(timeout: .now() + 60) == .success)
    #expect(torn.withLock { $0 }.isEmpty)
    #expect(board.read(rank: 0) == nil)
  }

  private static let count = 500_000

  private static func state(_ number: Int) -> WorkerStatus {
    var state = WorkerStatus()
    state.phase = Phase(rawValue: number % Phase.allCases.count) ?? .start
    state.since = UInt64(number)
    state.epoch = number
    state.step = number
    state.stepsOfEpoch = number
    state.stepsDone = number
    state.loss = Double(number)
    state.imagesPerSecond = Double(number)
    state.spent = Phase.allCases.map { _ in UInt64(number) }
    return state
  }

  @Test func `a descriptor that is no board gives no slot`() throws {
    #expect(StatusSlot([:], rank: 0) == nil)
    #expect(StatusSlot(["TWINS_BOARD_FD": "x"], rank: 0) == nil)
    #expect(StatusSlot(LauncherLink(board: 987).environment, rank: 0) == nil)
    let board = try #require(StatusBoard(ranks: 1))
    #expect(StatusSlot(LauncherLink(board: dup(board.descriptor)).environment, rank: 1) == nil)
    #expect(ftruncate(board.descriptor, 0) == -1, "a worker could take the launcher's memory away")
  }

  private func slot(of board: StatusBoard, rank: Int) throws -> StatusSlot {
    try #require(StatusSlot(LauncherLink(board: dup(board.descriptor)).environment, rank: rank))
  }
}
