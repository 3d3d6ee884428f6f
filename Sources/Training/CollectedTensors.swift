public import Checkpoint

/// The tensors of a checkpoint in host memory; copy them before the next step.
public struct CollectedTensors {
  let parts: [(name: String, tensors: HostTensors)]

  /// Begins to save them with a state, and returns once they are copied; false while another save is under way.
  public func save(
    _ state: TrainingState, as name: CheckpointName, isBest: Bool, by writer: CheckpointWriter
  ) -> Bool {
    withExtendedLifetime(parts) {
      writer.begin(name, state: state, isBest: isBest) { snapshot in
        for part in parts { snapshot.copy(part.tensors.views, to: part.name) }
      }
    }
  }
}
