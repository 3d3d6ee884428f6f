public import Collective

/// Why training or evaluating ended before its time.
public enum TrainingError: Error, Sendable {
  /// The loss or the gradient is not finite any more.
  case diverged(loss: Double, gradientNorm: Double)
  /// After `steps` updates these ranks hold other weights than most; all of them where no weights are most ranks'.
  case weightsDiffer(ranks: [Int], steps: Int)
  /// A rank could not read its images for a step, which therefore no rank has made.
  case imagesMissing
  /// A peer was lost, or does not do what this rank does.
  case collective(CollectiveError)
}

/// Evaluates collective operations, turning their error into a training error.
func collectively<Result>(
  _ body: @autoclosure () throws(CollectiveError) -> Result
) throws(TrainingError) -> Result {
  do { return try body() } catch { throw .collective(error) }
}
