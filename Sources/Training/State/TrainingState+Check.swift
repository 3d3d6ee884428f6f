public import Checkpoint
import Recipe

extension TrainingState: CheckedState {
  /// Updates and pictures of any run; products of two stay numbers.
  private static let most = 1 << 31

  /// What no run would have saved.
  public var fault: String? {
    for (name, value) in [("epoch", epoch), ("steps", steps), ("partial.steps", partial?.steps ?? 0)]
    where !(0..<Self.most).contains(value) {
      return "\(name) \(value) is no count of a run"
    }
    for (name, value) in [("bestAccuracy", bestAccuracy), ("bestAverage", bestAverage ?? 0)]
    where !(0...100).contains(value) {
      return "\(name) \(value) is no percentage"
    }
    guard min(recipe.data.batchSize, recipe.accumulation, recipe.worldSize) > 0,
      recipe.picturesPerUpdate < Self.most
    else { return "its recipe's updates are of no number of pictures" }
    guard partial?.loss.isSound ?? true else { return "its losses are no series of a run" }
    guard lossScale?.isSound ?? true else { return "its loss scale is none of a run" }
    return nil
  }
}
