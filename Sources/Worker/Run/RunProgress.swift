import Datasets
import Recipe
import Training

/// How far a run is: what all ranks know alike.
struct RunProgress: Equatable {
  /// The epoch that it is in, or has just finished, counted from 0.
  var epoch = 0
  /// How far the epoch is; nil where it is finished.
  var partial: PartialEpoch? = PartialEpoch()
  /// Updates of the weights so far.
  var updates = 0
  var best = BestAccuracy()
  /// The best results so far by what the run is judged by.
  var judgement = Judgement(by: .acc1)
  /// What a plateau schedule remembers; nil with another.
  var plateau: Plateau?
  /// A number for which host goes through which shards of a pack; nil where each host goes through all images.
  var shards: UInt32?
  /// Which images it has; nil before that is known.
  var images: RunImages?
}

extension RunProgress {
  /// Where a run of `recipe` goes on from a state.
  init(_ state: TrainingState, for recipe: Recipe) {
    let (epoch, partial) = state.place(for: recipe)
    self.init(
      epoch: epoch, partial: partial, updates: state.steps, best: BestAccuracy(state),
      judgement: Judgement(state, by: recipe.judging.monitor),
      plateau: recipe.schedule.newPlateau.map {
        state.plateau?.continued(from: state.recipe, by: recipe) ?? $0
      })
  }

  /// What a checkpoint says at this place.
  func state(_ recipe: Recipe, classes: [ClassName], of trainer: Trainer) -> TrainingState {
    var state = TrainingState(
      epoch: epoch, steps: updates, bestAccuracy: best.own,
      bestAverage: recipe.ema.enabled ? best.average : nil, classes: classes, recipe: recipe,
      lossScale: trainer.lossScale, partial: partial, plateau: plateau, thawedAfter: trainer.thawedAfter,
      judgement: judgement)
    (state.shards, state.images) = (shards, images)
    return state
  }
}

/// The best Acc@1 of a run so far, in percent: that of its weights and that of their average, each by itself.
struct BestAccuracy: Equatable {
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
