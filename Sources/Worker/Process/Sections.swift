import Board
import System
import Training

/// Tells the launcher what this worker does, without a system call; without a launcher, nobody.
final class Sections: StepObserver {
  private let slot: BoardSlot?
  private var state = RankState()

  /// Tells the launcher that the environment names.
  init(_ environment: [String: String], rank: Int) {
    slot = BoardSlot(environment, rank: rank)
    state.since = monotonicNanoseconds()
    slot?.publish(state)
  }

  /// Has the launcher's signal for it write the stacks of this process.
  func writeStacksOnSignal() { slot?.writeStacksOnSignal() }

  /// Begins a section, and so ends the one before; said again, it tells that there is progress.
  func enter(_ section: Section) {
    guard let slot else { return }
    let now = monotonicNanoseconds()
    state.spent[state.section.rawValue] += now - min(now, state.since)
    state.section = section
    state.since = now
    slot.publish(state)
  }

  /// Begins a phase of a step.
  func begin(_ phase: StepPhase) { enter(Section(phase)) }

  /// Begins an epoch, of which an earlier attempt may have done some steps.
  func begin(epoch: Int, steps: Int, done: Int) {
    state.epoch = epoch
    state.step = done
    state.stepsOfEpoch = steps
    enter(.data)
  }

  /// Ends a step; `seconds` is what it took with its pictures.
  func finishStep(loss: Double, pictures: Int, seconds: Double) {
    state.step += 1
    state.stepsDone += 1
    state.loss = loss
    state.imagesPerSecond = Double(pictures) / max(seconds, 1e-9)
    enter(.data)
  }
}

extension Section {
  /// A phase of a step, as the launcher's board names it.
  init(_ phase: StepPhase) {
    switch phase {
    case .forward: self = .forward
    case .backward: self = .backward
    case .communicate: self = .communicate
    case .optimizer: self = .optimizer
    }
  }
}
