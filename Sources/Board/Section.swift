/// What a worker is busy with.
public enum Section: Int, CaseIterable, Sendable {
  /// Reading flags and folders, building the network, meeting the others.
  case start
  /// Waiting for pictures.
  case data
  case forward
  case backward
  /// Waiting for other ranks, or exchanging with them.
  case communicate
  case optimizer
  case evaluate
  case checkpoint
  /// The work is over; the process is about to end.
  case done

  /// The word for it.
  public var name: String { "\(self)" }
}
