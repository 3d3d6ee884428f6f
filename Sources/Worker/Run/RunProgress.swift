import Datasets
import Recipe
import Training

/// How far a run is; equal on all ranks.
struct RunProgress: Equatable {
  /// The epoch that it is in or has just finished, from 0.
  var epoch = 0
  /// The position in the epoch; nil when it is finished.
  var partial: PartialEpoch? = PartialEpoch()
  /// The number of updates so far.
  var updates = 0
  var best = BestAccuracy()
  /// The best results so far by the monitored figure.
  var judgement = Judgement(by: .acc1)
  /// The state of a plateau schedule; nil with another schedule.
  var plateau: Plateau?
  /// Identifies which host has which shards of a pack; nil if every host goes through all images.
  var shards: UInt32?
  /// The run's images; nil before they are known.
  var images: RunImages?
}

extension RunProgress {
  /// The place at which a run of `recipe` resumes from a state.
  init(_ state: TrainingState, for recipe: Recipe) {
    let (epoch, partial) = state.place(for: recipe)
    self.init(
      epoch: epoch, partial: partial, updates: state.steps, best: BestAccuracy(state),
      judgement: Judgement(state, by: recipe.judging.monitor),
      plateau: recipe.schedule.newPlateau.map {
        state.plateau?.continued(from: state.recipe, by: recipe) ?? $0
      })
  }

  /// A checkpoint's state at this place.
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

/// The best top-1 accuracy of a run so far, in percent, of its weights and of their average separately.
struct BestAccuracy: Equatable {
  private(set) var own = 0.0
  private(set) var average = 0.0

  init() {}

  /// The best accuracies in a state from which a run resumes.
  init(_ state: TrainingState) {
    own = state.evaluatedOnlyItsAverage ? 0 : state.bestAccuracy
    average = state.evaluatedOnlyItsAverage ? state.bestAccuracy : state.bestAverage ?? 0
  }

  /// The best accuracies after an epoch; a nil tally changes nothing.
  func with(_ tally: Evaluator.Tally?, average: Evaluator.Tally?) -> BestAccuracy {
    var best = self
    best.own = max(own, tally?.accuracy1 ?? 0)
    best.average = max(self.average, average?.accuracy1 ?? 0)
    return best
  }
}
