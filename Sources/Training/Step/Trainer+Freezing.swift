import Collective
import Recipe

extension Trainer {
  /// Unfreezes the frozen parameters if `epoch` has reached the recipe's unfreezing epoch, and returns
  /// whether it did.
  ///
  /// Every rank must call it before an epoch's first step.
  public func begin(epoch: Int) -> Bool {
    guard pacing.freezes, thawedAfter == nil, let first = recipe.tuning.unfreezeEpoch, epoch >= first else {
      return false
    }
    thaw(after: optimizer.steps)
    return true
  }

  /// The number of updates after which an earlier run unfroze the parameters that this recipe freezes; nil
  /// where it had not, or had frozen others.
  func thawedAfter(_ state: TrainingState) -> Int? {
    guard pacing.freezes, let first = recipe.tuning.unfreezeEpoch,
      state.recipe.tuning.frozen == recipe.tuning.frozen,
      state.place(for: recipe).epoch >= first
    else { return nil }
    return state.thawedAfter
  }

  /// Makes all parameters learn; those that were frozen count their own updates from here.
  func thaw(after updates: Int) {
    thawedAfter = updates
    flat.learn(pacing.paces(thawedAfter: updates))
    productWeights?.learn(as: flat)
    optimizer.follow()
    reducer = GradientReducer(flat, exchange, parallelism)
    packing = SharedPacking(over: group.ofThisHost, clock: clock)
    gather = weightGather()
    cardStep?.restart()
  }
}
