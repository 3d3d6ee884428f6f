/// What a rank is busy with in a step.
public enum StepPart: Sendable {
  case forward
  case backward
  /// Waiting for other ranks, or exchanging with them.
  case communicate
  case optimizer
}
