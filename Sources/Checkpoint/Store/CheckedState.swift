/// A state that can tell whether its numbers are those of a run, so that whoever goes on from it can compute with them.
public protocol CheckedState {
  /// What no run would have saved; nil where all is as it may be.
  var fault: String? { get }
}
