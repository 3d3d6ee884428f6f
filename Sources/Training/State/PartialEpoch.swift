public import Recipe

/// A place inside an epoch.
///
/// Nothing random is in it: what is random is drawn anew from the seed, the epoch, and the number of the sample or the
/// step, so an epoch goes on to the same bits from the number of its steps alone.
public struct PartialEpoch: Codable, Equatable, Sendable {
  /// Steps of the epoch that are done.
  public var steps: Int
  /// Their losses.
  public var loss: SmoothedValue

  /// The numbers of damaged pictures that others have stood in for; nil where none may be.
  public var skipped: [Int]?

  /// The place after so many steps; without any, the start of an epoch.
  public init(steps: Int = 0, loss: SmoothedValue = SmoothedValue()) {
    self.steps = steps
    self.loss = loss
  }
}

extension TrainingState {
  /// Where a run of `recipe` goes on: the epoch, and how far it is.
  ///
  /// Where an update has another number of pictures, the epoch goes on after as many pictures, rounded down.
  public func place(for recipe: Recipe) -> (epoch: Int, partial: PartialEpoch) {
    guard var partial else { return (epoch + 1, PartialEpoch()) }
    partial.steps = partial.steps * self.recipe.picturesPerUpdate / max(1, recipe.picturesPerUpdate)
    return (epoch, partial)
  }

  /// The recipe that the run would follow if its updates were divided as those of `other`: the same one where only the
  /// number of ranks differs, and each update has as many pictures.
  public func recipe(dividedAs other: Recipe) -> Recipe {
    guard recipe.picturesPerUpdate == other.picturesPerUpdate else { return recipe }
    var divided = recipe
    divided.data.batchSize = other.data.batchSize
    divided.worldSize = other.worldSize
    divided.accumulation = other.accumulation
    return divided
  }
}
