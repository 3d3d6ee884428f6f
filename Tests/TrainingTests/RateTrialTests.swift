import Foundation
import Testing

@testable import Training

/// Raising the rate, and what is read from the losses.
@Suite struct RateTrialTests {
  private func trial(_ loss: (Double) -> Double, updates: Int = 100) -> RateTrial {
    let ramp = RateRamp(updates: updates)
    var trial = RateTrial()
    for update in 0..<updates {
      let rate = ramp.rate(update: update, epoch: 0)
      trial.add(rate: rate, loss: loss(log10(rate)))
    }
    return trial
  }

  @Test func `the rate rises by the same factor from its first value to its last`() {
    let ramp = RateRamp(updates: 8)
    let rates = (0..<8).map { ramp.rate(update: $0, epoch: 0) }
    #expect(rates.first == 1e-7 && abs((rates.last ?? 0) - 1) < 1e-12)
    #expect(zip(rates, rates.dropFirst()).allSatisfy { abs($1 / $0 - 10) < 1e-9 })
    #expect(RateRamp(updates: 1).rate(update: 0, epoch: 0) == 1e-7)
  }

  /// Of `losses = 2.3 - 1.5 / (1 + exp(-3 (log10 rate + 3)))`, smoothed and read by Lightning's lines in numpy: `np.gradient(smoothed[10:-1]).argmin()` is 56.
  @Test func `the steepest place is that of Lightning's finder`() {
    let trial = trial { 2.3 - 1.5 / (1 + exp(-3 * ($0 + 3))) }
    #expect(
      trial.suggestion.map { abs($0 / 0.004641588833612776 - 1) < 1e-9 } == true, "\(trial.suggestion as Any)"
    )
    #expect(trial.points.last.map { abs($0.smoothed - 1.308091736249651) < 1e-9 } == true)
    #expect(trial.least == trial.points.last?.rate && !trial.isOver)
  }

  @Test func `a loss that has left for good ends it, and one that is noisy does not`() {
    #expect(trial { $0 > -1 ? 400 : 2 }.isOver)
    #expect(!trial { 2 + 0.5 * sin(40 * $0) }.isOver)
    #expect(!RateTrial().isOver)
  }

  @Test func `nothing is suggested where the loss never falls, or hardly a step was made`() {
    #expect(trial { $0 + 10 }.suggestion == nil)
    #expect(trial({ -$0 }, updates: 12).suggestion == nil)
    #expect(trial({ -$0 }, updates: 13).suggestion != nil)
    #expect(RateTrial().suggestion == nil && RateTrial().least == nil)
  }
}
