import Recipe
import Testing
import Training

@testable import Worker

@Suite struct BestAccuracyTests {
  private func tally(_ percent: Int) -> Evaluator.Tally {
    var tally = Evaluator.Tally()
    (tally.images, tally.correct1) = (100, percent)
    return tally
  }

  @Test func `the weights and their average have each their own best`() {
    let first = BestAccuracy().with(tally(40), average: tally(10))
    let second = first.with(tally(30), average: tally(20))
    #expect((second.own, second.average) == (40, 20))
    let unchanged = second.with(nil, average: nil)
    #expect((unchanged.own, unchanged.average) == (40, 20))
  }

  @Test(arguments: [
    (false, nil, 40.0, 0.0), (true, 10.0, 40.0, 10.0),
    // From before both were evaluated: the best was the average's.
    (true, nil, 0.0, 40.0),
  ])
  func `a run goes on with what a state says`(averages: Bool, average: Double?, own: Double, averaged: Double)
  {
    var recipe = Recipe()
    recipe.ema.enabled = averages
    let state = TrainingState(
      epoch: 0, steps: 1, bestAccuracy: 40, bestAverage: average, classes: [], recipe: recipe)
    let best = BestAccuracy(state)
    #expect((best.own, best.average) == (own, averaged))
  }
}
