import Testing
import WorkerLink

@testable import Launcher

@Suite struct HangWatchTests {
  private let budgets = HangBudgets(step: .seconds(3))

  @Test func `the rank that is not waiting is blamed`() {
    var watch = HangWatch(budgets)
    let views = [view(0, .communicate), view(1, .forward), view(2, .communicate)]
    #expect(look(&watch, views, seconds: 2.9).isEmpty)
    let hangs = look(&watch, views, seconds: 0.2)
    #expect(hangs.map(\.rank) == [1])
    #expect(hangs.first?.description == "stuck in forward for 100.0 s (epoch 2, step 5)")
  }

  @Test func `a rank that says anything is not stuck`() {
    var watch = HangWatch(budgets)
    for updates in 0..<20 {
      #expect(look(&watch, [view(0, .forward, updates: updates)], seconds: 2).isEmpty)
    }
  }

  @Test(arguments: [(Phase.evaluate, 6.0), (.checkpoint, 6), (.data, 3), (.optimizer, 3), (.start, 60)])
  func `every phase has its budget`(phase: Phase, seconds: Double) {
    var watch = HangWatch(budgets)
    #expect(look(&watch, [view(0, phase)], seconds: seconds - 0.1).isEmpty)
    #expect(look(&watch, [view(0, phase)], seconds: 0.2).map(\.rank) == [0])
  }

  @Test func `whoever waits is patient with a rank that may still take its time`() {
    var watch = HangWatch(budgets)
    let views = [view(0, .checkpoint), view(1, .communicate)]
    #expect(look(&watch, views, seconds: 5.9).isEmpty)
    #expect(look(&watch, views, seconds: 0.2).map(\.rank) == [0])
  }

  /// Whom they wait for may be on another host, whose launcher knows.
  @Test func `ranks of one host of several are not blamed for all waiting`() {
    var watch = HangWatch(budgets, seesAll: false)
    #expect(look(&watch, [view(2, .communicate), view(3, .communicate)], seconds: 9).isEmpty)
    #expect(look(&watch, [view(2, .communicate), view(3, .forward)], seconds: 9).map(\.rank) == [3])
  }

  @Test func `a stopped rank is blamed, wherever it stopped`() {
    for phase in [Phase.communicate, .checkpoint, .forward] {
      var watch = HangWatch(budgets)
      let views = [view(0, .communicate), view(1, phase, isStopped: true), view(2, .forward)]
      #expect(look(&watch, views, seconds: 3.1).map(\.rank) == [1])
    }
  }

  @Test func `where all wait, the one that waits longest is blamed`() {
    var watch = HangWatch(budgets)
    #expect(look(&watch, [view(0, .communicate), view(1, .communicate)], seconds: 1).isEmpty)
    let later = [view(0, .communicate, updates: 1), view(1, .communicate)]
    #expect(look(&watch, later, seconds: 2.5).map(\.rank) == [1])
  }

  /// A look may come so late that several are over their budgets.
  @Test(arguments: [Phase.communicate, .forward])
  func `of several that are late, the one that is longest comes first`(phase: Phase) {
    for (quick, slow) in [(0, 1), (1, 0)] {
      var watch = HangWatch(budgets)
      _ = watch.look([view(quick, phase), view(slow, phase)], at: 0, after: .zero)
      let views = [view(quick, phase, updates: 1), view(slow, phase)]
      var found = watch.look(views, at: 0, after: .milliseconds(100))
      while found.isEmpty { found = watch.look(views, at: 0, after: budgets.interval * 4) }
      #expect(found.map(\.rank) == (phase == .communicate ? [slow] : [slow, quick]))
    }
  }

  @Test func `a launcher that was frozen accuses nobody`() {
    var watch = HangWatch(budgets)
    _ = watch.look([view(0, .forward)], at: 0, after: .zero)
    #expect(watch.look([view(0, .forward)], at: 0, after: .seconds(1000)).isEmpty)
  }

  @Test func `half of a budget is slow`() {
    var watch = HangWatch(budgets)
    let views = [view(0, .forward), view(1, .communicate)]
    _ = look(&watch, views, seconds: 1.3)
    #expect(!watch.isSlow(views[0]))
    _ = look(&watch, views, seconds: 0.3)
    #expect(watch.isSlow(views[0]))
    #expect(!watch.isSlow(views[1]))
  }

  @Test func `the ring waits longer than the launcher`() {
    #expect(
      Phase.allCases.filter { $0 != .start && $0 != .done }.allSatisfy {
        budgets.budget(for: $0) < budgets.ringPatience
      })
    #expect(HangBudgets(step: .seconds(300)).budget(for: .start) == .seconds(600))
  }

  /// Looks as often as the launcher does, until so much time has passed.
  private func look(_ watch: inout HangWatch, _ views: [RankView], seconds: Double) -> [Hang] {
    var hangs: [Hang] = []
    for _ in 0..<Int((seconds * 10).rounded()) where hangs.isEmpty {
      hangs = watch.look(views, at: 100_000_000_000, after: .milliseconds(100))
    }
    return hangs
  }

  private func view(
    _ rank: Int, _ phase: Phase, updates: Int = 0, isStopped: Bool = false
  ) -> RankView {
    var state = WorkerStatus()
    state.phase = phase
    state.epoch = 2
    state.step = 4
    state.stepsOfEpoch = 9
    return RankView(rank: rank, state: state, updates: updates, isStopped: isStopped)
  }
}
