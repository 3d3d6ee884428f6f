import System

/// The name of a checkpoint: `epoch-0007` at the end of an epoch, `epoch-0007-step-000123` inside it.
public struct CheckpointName: Hashable, Sendable {
  /// The epoch, from 0.
  public let epoch: Int
  /// Steps made inside the epoch; nil at its end.
  public let step: Int?

  /// Makes the name for the end of an epoch, or for a step inside it.
  public init(epoch: Int, step: Int? = nil) {
    precondition(epoch >= 0 && (step ?? 0) >= 0, "epochs and steps are counted from 0")
    self.epoch = epoch
    self.step = step
  }

  /// Parses a name; nil for any other text.
  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 4, parts[0] == "epoch", let epoch = Self.number(parts[1]) else {
      return nil
    }
    self.epoch = epoch
    guard parts.count == 4 else {
      step = nil
      return
    }
    guard parts[2] == "step", let number = Self.number(parts[3]) else { return nil }
    step = number
  }

  private static func number(_ text: Substring) -> Int? {
    text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(text) : nil
  }
}

extension CheckpointName: Comparable {
  /// Orders by the run's progress: an epoch's end comes after all of its steps.
  public static func < (one: Self, other: Self) -> Bool {
    (one.epoch, one.step ?? .max) < (other.epoch, other.step ?? .max)
  }
}

extension CheckpointName: CustomStringConvertible {
  /// The folder's name.
  public var description: String {
    "epoch-" + String(epoch, digits: 4) + (step.map { "-step-" + String($0, digits: 6) } ?? "")
  }
}
