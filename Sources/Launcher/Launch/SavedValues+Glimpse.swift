import Checkpoint
import Flags
import Recipe

extension SavedValues {
  /// What the checkpoint says that a run is probably to go on from, before anything has been verified; nil without one.
  ///
  /// The launcher checks the flags by it. The workers verify, and what they find counts.
  static func glimpse(_ request: RunRequest) -> SavedValues? {
    guard let flag = request.run.resume else { return nil }
    let store =
      flag == "auto" ? CheckpointStore(ofRunIn: request.outputFolder()) : CheckpointStore(naming: flag)
    guard let store else {
      let state = try? VerifiedCheckpoint.state(State.self, in: flag)
      return state.map { SavedValues(of: $0.recipe, source: flag) }
    }
    guard let (state, folder) = store.newestState(State.self) else { return nil }
    var values = SavedValues(of: state.recipe, source: folder)
    values.outputFolder = store.outputFolder
    return values
  }

  /// Of all that a run saves beside its tensors, what a launcher needs.
  struct State: Decodable {
    let recipe: Recipe
  }
}
