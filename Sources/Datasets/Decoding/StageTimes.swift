import Glibc

/// What one thread spent on each stage of its images, in its own time: others may take the processor at any moment.
public final class StageTimes {
  /// From a file to a view, in order.
  public enum Stage: String, CaseIterable, Sendable {
    /// The file's bytes.
    case read
    /// The pixels that the view needs.
    case decode
    /// Scaled to the view, and mirrored.
    case resize
    /// RandAugment's operations, or those of colour jitter.
    case augment
    /// Floats of a view's bytes, on the thread that trains.
    case normalize
    /// Random boxes, likewise.
    case erase

    /// Whether it is no decode thread's, but is done to whole batches.
    public var isOfStep: Bool { self == .normalize || self == .erase }
  }

  private var nanoseconds: [Stage: Int] = [:]

  /// No time yet.
  public init() {}

  /// The seconds of a stage.
  public func seconds(of stage: Stage) -> Double { Double(nanoseconds[stage, default: 0]) / 1e9 }

  /// Does `work`, whose time is added to the stage's.
  public func timed<Result, Failure: Error>(
    _ stage: Stage, _ work: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let start = Self.now
    defer { nanoseconds[stage, default: 0] += Self.now - start }
    return try work()
  }

  private static var now: Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}
