import Foundation
import Recipe
import Testing

@testable import Training

@Suite struct JudgementTests {
  /// Of a hundred images, of which each of the first ninety is of class 0 and each other of class 1.
  private func tally(_ correct: Int, loss: Double = 1, ofFew: Int = 0) -> Evaluator.Tally {
    var tally = Evaluator.Tally()
    (tally.images, tally.correct1, tally.loss) = (100, correct, 100 * loss)
    for image in 0..<90 { tally.classes.count(0, predicted: image < correct - ofFew ? 0 : 1) }
    for image in 0..<10 { tally.classes.count(1, predicted: image < ofFew ? 1 : 0) }
    return tally
  }

  @Test func `each monitor finds its own best`() {
    let epochs = [
      tally(90, loss: 2), tally(60, loss: 1, ofFew: 10), tally(95, loss: 1.5, ofFew: 5),
    ]
    let wanted: [Recipe.Judging.Monitor: [Bool]] = [
      .acc1: [true, false, true], .balanced: [true, true, false], .loss: [true, true, false],
    ]
    for (monitor, isBest) in wanted {
      var judgement = Judgement(by: monitor)
      #expect(epochs.map { judgement.hear($0, average: nil).isBest } == isBest, "\(monitor)")
    }
  }

  @Test(arguments: Recipe.Judging.Monitor.allCases, [Double.nan, .infinity])
  func `a loss that is no number is no best, and what is known is saved`(
    monitor: Recipe.Judging.Monitor, loss: Double
  ) throws {
    var judgement = Judgement(by: monitor)
    let finding = judgement.hear(tally(50, loss: loss), average: nil)
    #expect(finding.isBest == (monitor != .loss) && finding.score.isFinite)
    #expect(try JSONDecoder().decode(Judgement.self, from: JSONEncoder().encode(judgement)) == judgement)
    let next = judgement.hear(tally(60, loss: 3), average: nil)
    #expect(next.isBest && next.score == (monitor == .loss ? -3 : next.score))
  }

  @Test func `the average is judged by itself, and decides where it is the monitor`() {
    for (monitor, better, worse) in [
      (Recipe.Judging.Monitor.acc1, [true, false, false], 2), (.ema, [true, true, false], 1),
    ] {
      var judgement = Judgement(by: monitor)
      let findings = [(50, 10), (40, 20), (30, 20)].map {
        judgement.hear(tally($0.0), average: tally($0.1))
      }
      #expect(findings.map(\.isBest) == [true, false, false])
      #expect(findings.map(\.isBestAverage) == [true, true, false])
      #expect(findings.map(\.isBetter) == better && judgement.worse == worse)
      #expect(findings.map(\.score) == (monitor == .ema ? [10, 20, 20] : [50, 40, 30]))
      #expect(judgement.ends(worse) && !judgement.ends(worse + 1) && !judgement.ends(nil))
    }
  }

  @Test func `an accuracy of zero is no best, and any first loss is`() {
    var (accuracy, loss) = (Judgement(by: .acc1), Judgement(by: .loss))
    #expect(!accuracy.hear(tally(0), average: nil).isBest && loss.hear(tally(0), average: nil).isBest)
  }

  @Test func `a run goes on with what it had come to, and by another monitor with the best of that`() throws {
    var (recipe, judgement) = (Recipe(), Judgement(by: .acc1))
    recipe.judging.earlyStop = 5
    for (correct, loss) in [(50, 1.5), (40, 1)] {
      _ = judgement.hear(tally(correct, loss: loss), average: nil)
    }
    let saved = try reread(
      TrainingState(epoch: 1, steps: 2, bestAccuracy: 50, classes: [], recipe: recipe, judgement: judgement))
    var resumed = Judgement(saved, by: .acc1)
    #expect(resumed.worse == 1 && !resumed.hear(tally(50), average: nil).isBest)
    var byLoss = Judgement(saved, by: .loss)
    #expect(byLoss.worse == 0 && !byLoss.hear(tally(90, loss: 1.2), average: nil).isBest)
    #expect(byLoss.hear(tally(10, loss: 0.9), average: nil).isBest)
  }

  @Test func `a checkpoint without figures has its accuracy, and who asks for an end now has not waited`()
    throws
  {
    var judgement = Judgement(by: .acc1)
    for correct in [50, 40] { _ = judgement.hear(tally(correct), average: nil) }
    var state = TrainingState(
      epoch: 1, steps: 2, bestAccuracy: 50, classes: [], recipe: Recipe(), judgement: judgement)
    #expect(Judgement(try reread(state), by: .acc1).worse == 0)
    state.judgement = nil
    var fromOld = Judgement(try reread(state), by: .acc1)
    #expect(!fromOld.hear(tally(50), average: nil).isBest && fromOld.hear(tally(51), average: nil).isBest)
  }

  private func reread(_ state: TrainingState) throws -> TrainingState {
    try JSONDecoder().decode(TrainingState.self, from: JSONEncoder().encode(state))
  }
}
