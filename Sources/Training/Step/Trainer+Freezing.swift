import Collective
import Recipe

extension Trainer {
  /// Has what is frozen learn from the recipe's epoch on; whether it begins to.
  ///
  /// Every rank must call it before an epoch's first step.
  public func begin(epoch: Int) -> Bool {
    guard pacing.freezes, thawedAfter == nil, let first = recipe.tuning.unfreezeEpoch, epoch >= first else {
      return false
    }
    thaw(after: optimizer.steps)
    return true
  }

  /// The updates after which what is frozen here had thawed in the run before; nil where it had not, or other parts had.
  func thawedAfter(_ state: TrainingState) -> Int? {
    guard pacing.freezes, let first = recipe.tuning.unfreezeEpoch,
      state.recipe.tuning.frozen == recipe.tuning.frozen,
      state.place(for: recipe).epoch >= first
    else { return nil }
    return state.thawedAfter
  }

  /// Has everything learn; what was frozen counts its own updates from here.
  func thaw(after updates: Int) {
    thawedAfter = updates
    flat.learn(pacing.paces(thawedAfter: updates))
    productWeights?.learn(as: flat)
    optimizer.follow()
    reducer = GradientReducer(flat, exchange, parallelism)
    packing = SharedPacking(over: group.ofThisHost, clock: clock)
    cardStep?.restart()
  }
}
