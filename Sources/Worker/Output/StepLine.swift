import System
import Training

/// What happened between two lines of `train.jsonl`.
struct StepLine {
  private var interval = Stopwatch()
  private var steps = 0
  private var stall: Double?

  /// Counts a step, and the seconds for which a checkpoint held it up.
  mutating func add(stall seconds: Double?) {
    steps += 1
    if let seconds { stall = (stall ?? 0) + seconds }
  }

  /// The fields that are measured, in seconds and images a second; begins anew.
  mutating func fields(
    _ timing: Timing, _ communication: CommunicationTime, images: Int
  ) -> [(String, JSONNumber)] {
    let held = stall.map { [("checkpoint_stall_seconds", JSONNumber.real($0))] } ?? []
    defer { (steps, stall) = (0, nil) }
    return [
      ("images_per_second", .real(Double(steps * images) / interval.lap())),
      ("step_seconds", .real(timing.step.latest)), ("data_seconds", .real(timing.data.latest)),
      ("communication_seconds", .real(communication.seconds)),
      ("exposed_seconds", .real(communication.exposedSeconds)),
    ] + held
  }
}
