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
    guard (0...100).contains(bestAccuracy) else { return "bestAccuracy \(bestAccuracy) is no percentage" }
    guard let pictures = recipe.checkedPicturesPerUpdate, (1..<Self.most).contains(pictures) else {
      return "its recipe's updates are of no number of pictures"
    }
    guard partial?.loss.isSound ?? true else { return "its losses are no series of a run" }
    guard lossScale?.isSound ?? true else { return "its loss scale is none of a run" }
    return nil
  }
}

extension Recipe {
  /// `picturesPerUpdate`; nil where that is no number.
  fileprivate var checkedPicturesPerUpdate: Int? {
    let (rank, isTooMany) = data.batchSize.multipliedReportingOverflow(by: accumulation)
    let (all, areTooMany) = rank.multipliedReportingOverflow(by: worldSize)
    return isTooMany || areTooMany || min(data.batchSize, accumulation, worldSize) < 1 ? nil : all
  }
}
