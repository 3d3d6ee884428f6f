import Torch

/// Executes steps on a card: the first ones operation by operation, then one that is recorded as a graph and
/// replayed from then on.
///
/// A replayed step is one launch. What changes from step to step lies in its input tensors, over which each
/// later step's inputs are copied; weights, moments and averages keep their addresses for the trainer's life.
/// Where ranks sum on their cards, all record a step or none, and all replay it or none.
final class CardStep {
  private let device: Device
  private let updateGuard: UpdateGuard
  /// Reports phases, and how steps are executed, to observers.
  private let clock: PhaseClock
  private var state: State
  private var hasToldOfShapes = false

  /// Steps before the recorded one: in these, libraries choose kernels and allocate memory, and momenta are
  /// initialised.
  static let warmUps = 2

  /// Forgets the recorded step, because later steps will differ.
  func restart() {
    switch state {
    case .warming, .recorded: state = .warming(left: Self.warmUps)
    case .off: break
    }
  }

  private enum State {
    case warming(left: Int)
    /// The recording, its input tensors, and its results.
    case recorded(Recording, StepInputs, numbers: Tensor)
    /// Steps are executed operation by operation.
    case off
  }

  /// Makes the steps of a card.
  ///
  /// - Parameter records: Whether to record a step.
  init(_ updateGuard: UpdateGuard, on device: Device, records: Bool, _ clock: PhaseClock) {
    (self.updateGuard, self.device, self.clock) = (updateGuard, device, clock)
    state = records ? .warming(left: Self.warmUps) : .off
  }

  /// Whether a step with these inputs can be a replay once a step is recorded.
  func canRepeat(with inputs: StepInputs) -> Bool {
    if case .recorded(_, let there, _) = state { inputs.fit(there) } else { true }
  }

  /// The sentence that says why steps that need the host halfway are not recorded.
  static func hostIsNeeded(movesLossScale: Bool) -> String {
    "Updates are made operation by operation: "
      + (movesLossScale
        ? "what an update comes to moves the loss scale of float16, which the host has to know before the next"
        : "the workers exchange gradients through the host's memory, which no card records")
  }

  /// Uploads a step's inputs and executes it; returns the result of `work`, which is valid until the next
  /// step.
  ///
  /// - Parameters:
  /// - number: The number of the update, from 1.
  /// - repeats: Whether `canRepeat(with:)` holds on all ranks.
  /// - work: All of a step's work on the card, a function only of the inputs and of tensors whose addresses
  ///   do not change.
  /// - discard: Releases the gradients that a failed recording left behind.
  /// - agree: Returns whether its argument is true on all ranks.
  func callAsFunction(
    _ inputs: StepInputs, number: Int, repeats: Bool, work: Work, discard: () -> Void, agree: Agreement
  ) throws(TrainingError) -> Tensor {
    switch state {
    case .warming(let left) where left > 0: state = .warming(left: left - 1)
    case .warming: return try record(inputs, number, work, discard, agree)
    case .recorded(let recording, let there, let numbers):
      if repeats {
        inputs.move(over: there)
        // Counted as the optimizer's time, since whoever waits for the step waits for the update at its end.
        clock.begin(.optimizer)
        recording.replay()
        return numbers
      }
      if !hasToldOfShapes {
        clock.tell(
          "Update \(number) has inputs of other shapes than the recorded one: such are made operation by operation"
        )
      }
      hasToldOfShapes = true
    case .off: break
    }
    return try work(inputs.moved(to: device), updateGuard)
  }

  typealias Work = (StepInputs, UpdateGuard) throws(TrainingError) -> Tensor
  typealias Agreement = (Bool) throws(TrainingError) -> Bool

  private func record(
    _ inputs: StepInputs, _ number: Int, _ work: Work, _ discard: () -> Void, _ agree: Agreement
  ) throws(TrainingError) -> Tensor {
    let there = inputs.moved(to: device)
    var made: Result<Tensor, TrainingError>?
    var recording: Recording?
    var reason = "another worker's card does not record them"
    do throws(Recording.Refusal) {
      recording = try Recording(on: device) {
        made = Result { () throws(TrainingError) in try work(there, updateGuard) }
      }
    } catch {
      reason = "\(device) does not record them: \(error)"
    }
    if try agree(recording != nil), let recording, let numbers = try made?.get() {
      state = .recorded(recording, there, numbers: numbers)
      recording.replay()
      clock.tell(
        "Update \(number) was recorded on \(device): each one like it is a single launch from here on")
      return numbers
    }
    state = .off
    discard()
    // Frees the recording's memory before the step allocates.
    (made, recording) = (nil, nil)
    clock.tell("Updates are made operation by operation, since \(reason)")
    return try work(there, updateGuard)
  }
}
