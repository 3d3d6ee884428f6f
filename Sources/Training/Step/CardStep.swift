import Torch

/// Makes a card's steps: some operation by operation, one that the card records, and from then on that one again.
///
/// A recorded step is one launch. What changes from step to step lies in the tensors of its inputs, which a later step's are
/// copied over; weights, moments and averages stay in their place as long as the trainer lives. Where ranks sum on their cards, all
/// record a step or none, and all repeat it or none.
final class CardStep {
  private let device: Device
  private let updateGuard: UpdateGuard
  /// Has observers hear of phases, and how steps are made.
  private let clock: PhaseClock
  private var state: State
  private var hasToldOfShapes = false

  /// Steps before the one that is recorded: libraries choose kernels and take memory in them, and momenta begin.
  static let warmUps = 2

  /// Begins anew: what was recorded is not what later steps do.
  func restart() {
    switch state {
    case .warming, .recorded: state = .warming(left: Self.warmUps)
    case .off: break
    }
  }

  private enum State {
    case warming(left: Int)
    /// Its inputs, and what it leaves.
    case recorded(Recording, StepInputs, numbers: Tensor)
    /// None is recorded.
    case off
  }

  /// - Parameter records: Whether a step is to be recorded.
  init(_ updateGuard: UpdateGuard, on device: Device, records: Bool, _ clock: PhaseClock) {
    (self.updateGuard, self.device, self.clock) = (updateGuard, device, clock)
    state = records ? .warming(left: Self.warmUps) : .off
  }

  /// Whether a step of these inputs need not be made operation by operation, once one is recorded.
  func canRepeat(with inputs: StepInputs) -> Bool {
    if case .recorded(_, let there, _) = state { inputs.fit(there) } else { true }
  }

  /// Why steps are not recorded that need the host in their middle.
  static func hostIsNeeded(movesLossScale: Bool) -> String {
    "Updates are made operation by operation: "
      + (movesLossScale
        ? "what an update comes to moves the loss scale of float16, which the host has to know before the next"
        : "the workers exchange gradients through the host's memory, which no card records")
  }

  /// Uploads a step's inputs and makes it; what `work` returns, of this step until the next one is made.
  ///
  /// - Parameters:
  ///   - number: Of the update, from 1.
  ///   - repeats: Whether all ranks `canRepeat` with their inputs.
  ///   - work: All that the card does in a step, a function of the inputs and of what stays in its place alone.
  ///   - discard: Lets go of what a recording left that was given up.
  ///   - agree: Whether all ranks say yes.
  func callAsFunction(
    _ inputs: StepInputs, number: Int, repeats: Bool, work: Work, discard: () -> Void, agree: Agreement
  ) throws(TrainingError) -> Tensor {
    switch state {
    case .warming(let left) where left > 0: state = .warming(left: left - 1)
    case .warming: return try record(inputs, number, work, discard, agree)
    case .recorded(let recording, let there, let numbers):
      if repeats {
        inputs.move(over: there)
        // Who waits for the step waits for its update, which comes last.
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
    // Its memory goes back before the step takes some.
    (made, recording) = (nil, nil)
    clock.tell("Updates are made operation by operation, since \(reason)")
    return try work(there, updateGuard)
  }
}
