import Testing
import WorkerLink

@testable import Launcher

@Suite struct StragglerWatchTests {
  @Test func `a slow rank is named once, after fifty steps, with what costs it`() throws {
    var watch = StragglerWatch()
    var found: [(steps: Int, Straggler)] = []
    for steps in stride(from: 0, through: 200, by: 5) {
      found += watch.look(views(steps, data: [10, 10, 50, 10])).map { (steps, $0) }
    }
    #expect(found.map(\.steps) == [50])
    let straggler = try #require(found.first?.1)
    #expect(straggler.rank == 2)
    #expect(straggler.phase == .data)
    #expect(straggler.cost == .milliseconds(40))
    #expect(
      straggler.description
        == "rank 2 is 36 % slower than the median: data takes 40.0 ms longer in every step")
    #expect(watch.current == [straggler])
  }

  @Test func `a little slower is not slow`() {
    #expect(named(data: [10, 10, 42, 10]).isEmpty)
    #expect(named(data: [10, 10, 45, 10]) == [2])
  }

  @Test func `of two ranks, the quicker one is the measure`() {
    #expect(named(data: [10, 50]) == [1])
    #expect(named(data: [10, 40]).isEmpty)
  }

  @Test func `a rank alone is no straggler`() {
    #expect(named(data: [10]).isEmpty)
  }

  @Test func `a streak that breaks begins anew`() {
    var watch = StragglerWatch()
    var spent = [0, 0]
    var found: [Int] = []
    for window in 0...12 {
      let views = spent.enumerated().map { view($0.offset, steps: window * 10, data: $0.element) }
      found += watch.look(views).map { _ in window * 10 }
      spent[0] += 100
      spent[1] += window == 3 ? 100 : 800
    }
    #expect(found == [90])
  }

  @Test func `a quick step among slow ones breaks no streak`() {
    var watch = StragglerWatch()
    var (slow, found) = (0, [Int]())
    for steps in 0...100 {
      found += watch.look([view(0, steps: steps, data: 0), view(1, steps: steps, data: slow)]).map { _ in
        steps
      }
      slow += steps % 7 == 3 ? 0 : 80
    }
    #expect(found == [50])
  }

  @Test func `costs are those of one step, however many a look sees`() {
    var watch = StragglerWatch()
    let found = [0, 80, 160].flatMap { watch.look(views($0, data: [10, 50])) }
    #expect(found.map(\.cost) == [.milliseconds(40)])
  }

  /// Ranks that wait for one another are a step apart at most, but may be looked at then.
  @Test func `a window is full when every rank has done its steps`() {
    var watch = StragglerWatch()
    for steps in stride(from: 0, through: 40, by: 10) {
      #expect(watch.look([view(0, steps: steps, data: 0), view(1, steps: steps, data: steps * 80)]).isEmpty)
    }
    #expect(watch.look([view(0, steps: 50, data: 0), view(1, steps: 49, data: 49 * 80)]).isEmpty)
    #expect(watch.look([view(0, steps: 51, data: 0), view(1, steps: 50, data: 50 * 80)]).map(\.rank) == [1])
  }

  @Test func `microseconds are noise`() {
    var watch = StragglerWatch()
    for steps in stride(from: 0, through: 200, by: 10) {
      var views = views(0, data: [0, 0])
      for rank in views.indices {
        var state = WorkerStatus()
        state.stepsDone = steps
        state.spent[Phase.forward.rawValue] = UInt64(steps * (rank + 1) * 500_000)
        views[rank] = RankView(rank: rank, state: state, updates: steps, isStopped: false)
      }
      #expect(watch.look(views).isEmpty)
    }
  }

  private func named(data: [Int]) -> [Int] {
    var watch = StragglerWatch()
    return stride(from: 0, through: 100, by: 10).flatMap { watch.look(views($0, data: data)) }.map(\.rank)
  }

  /// All ranks after so many steps of 100 ms on their own work, and so many more for data; who is quick waits.
  private func views(_ steps: Int, data: [Int]) -> [RankView] {
    data.enumerated().map { view($0.offset, steps: steps, data: steps * $0.element) }
  }

  private func view(_ rank: Int, steps: Int, data: Int) -> RankView {
    var state = WorkerStatus()
    state.stepsDone = steps
    state.spent[Phase.data.rawValue] = UInt64(data * 1_000_000)
    state.spent[Phase.forward.rawValue] = UInt64(steps * 40_000_000)
    state.spent[Phase.backward.rawValue] = UInt64(steps * 60_000_000)
    state.spent[Phase.communicate.rawValue] = UInt64(steps * (100 - rank) * 1_000_000)
    return RankView(rank: rank, state: state, updates: steps, isStopped: false)
  }
}
