import Training

/// The best Acc@1 of a run so far, in percent: that of its weights and that of their average, each by itself.
struct BestAccuracy {
  private(set) var own = 0.0
  private(set) var average = 0.0

  init() {}

  /// What a run that goes on from a state has come to.
  init(_ state: TrainingState) {
    own = state.evaluatedOnlyItsAverage ? 0 : state.bestAccuracy
    average = state.evaluatedOnlyItsAverage ? state.bestAccuracy : state.bestAverage ?? 0
  }

  /// The best after an epoch; nil tallies change nothing.
  func with(_ tally: Evaluator.Tally?, average: Evaluator.Tally?) -> BestAccuracy {
    var best = self
    best.own = max(own, tally?.accuracy1 ?? 0)
    best.average = max(self.average, average?.accuracy1 ?? 0)
    return best
  }
}
