import Foundation
import Recipe
import Torch

/// A step's time by operation, as a table.
struct StepProfile {
  private let parts: [Profile.Part]
  private let steps: Int
  private let peak: Double

  /// Makes the profile.
  ///
  /// - Parameter peak: The peak rate of all threads, in floating-point operations per second.
  init(_ profile: Profile, steps: Int, peak: Double) {
    (parts, self.steps, self.peak) = (profile.parts, steps, peak)
  }

  /// Throws unless a device's operations run on the host, where they can be timed.
  static func require(_ device: Device) throws(Failure) {
    guard device != .cpu else { return }
    throw Failure(
      "--profile: it times the processor's operations, and \(device) takes its time by itself: use --device cpu, or "
        + "the card's own profiler", exitStatus: .usage)
  }

  /// The operations that take at least a thousandth of the time, the longest first.
  var table: String {
    let all = parts.reduce(0) { $0 + $1.seconds }
    let counted = parts.filter { $0.operations > 0 }
    let total = Row(
      name: "all operations", seconds: all, calls: parts.reduce(0) { $0 + $1.calls },
      operations: counted.reduce(0) { $0 + $1.operations })
    let rows = parts.filter { $0.seconds >= all / 1000 }.map {
      Row(name: $0.name, seconds: $0.seconds, calls: $0.calls, operations: $0.operations)
    }
    let head = "operation".padded(to: Row.width) + "      ms   share   calls    GF/s   of peak"
    let lines = (rows + [total]).map { $0.line(steps: steps, all: all, peak: peak) }
    let note = String(
      format: "A step, mean of %d. Peak: %.0f GF/s, products in registers.",
      steps, peak / 1e9)
    return ([head] + lines + [note]).joined(separator: "\n")
  }
}

private struct Row {
  let name: String
  let seconds: Double
  let calls: Int
  let operations: Double

  static let width = 56

  func line(steps: Int, all: Double, peak: Double) -> String {
    let time = String(
      format: "%8.2f  %5.1f %%  %6d", seconds / Double(steps) * 1e3, 100 * seconds / all, calls / steps)
    let label = String(name.prefix(Self.width)).padded(to: Self.width)
    guard operations > 0 else { return label + time }
    let rate = operations / seconds
    return label + time
      + String(format: "  %6.0f   %5.1f %%", rate / 1e9, 100 * rate / peak)
  }
}
