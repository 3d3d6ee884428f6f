import Testing
import Training

@testable import Worker

@Suite struct CheckpointTimingTests {
  /// The steps after which it saves, of steps 1, 2, … with these signals.
  private func saves(every: Int, ends: Set<Int> = [], _ signals: [RankSignals]) -> [Int] {
    var timing = CheckpointTiming(every: every)
    return signals.enumerated().compactMap { index, signals in
      let number = index + 1
      let step = FinishedStep(number: number, endsEpoch: ends.contains(number), signals: signals)
      guard timing.saves(after: step) else { return nil }
      _ = timing.begin()
      return number
    }
  }

  @Test func `every so many steps of the run`() {
    #expect(saves(every: 3, Array(repeating: [], count: 10)) == [3, 6, 9])
    #expect(saves(every: 0, Array(repeating: [], count: 10)) == [])
  }

  @Test func `a save under way puts off the next one and does not lose it`() {
    #expect(saves(every: 3, [[], [], .isSaving, .isSaving, [], [], []]) == [5, 6])
    #expect(saves(every: 0, [[.save, .isSaving], .isSaving, [], []]) == [3])
  }

  @Test func `the end of an epoch saves by itself`() {
    #expect(saves(every: 2, ends: [4], [[], [], [], [], []]) == [2, 5])
  }

  @Test func `a wish that reaches ranks one step apart is one wish`() {
    #expect(saves(every: 0, [[], .save, .save, [], .save]) == [2, 5])
  }

  @Test func `a stop saves by itself, whatever is due`() {
    #expect(saves(every: 2, [[], .stop]) == [])
  }

  @Test func `what was put off at the end of an epoch follows`() {
    var timing = CheckpointTiming(every: 0)
    timing.postpone()
    let steps: [RankSignals] = [[], [], .save]
    let wishes = steps.enumerated().map { index, signals -> Bool? in
      let step = FinishedStep(number: index + 1, endsEpoch: false, signals: signals)
      return timing.saves(after: step) ? timing.begin() : nil
    }
    #expect(wishes == [false, nil, true])
  }
}
