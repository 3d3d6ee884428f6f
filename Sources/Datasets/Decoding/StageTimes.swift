import Glibc

/// One thread's processor time for each stage of its images; other processes' use of the processor does not
/// count.
public final class StageTimes {
  /// The stages from a file to a view, in order.
  public enum Stage: String, CaseIterable, Sendable {
    /// Reading the file.
    case read
    /// Decoding the pixels that the view needs.
    case decode
    /// Scaling to the view's size, and mirroring.
    case resize
    /// RandAugment's operations, or colour jitter.
    case augment
    /// Converting views to normalised floats, on the training thread.
    case normalize
    /// Erasing random boxes, on the training thread.
    case erase

    /// Whether the stage runs on whole batches in the training step rather than on a decode thread.
    public var isOfStep: Bool { self == .normalize || self == .erase }
  }

  private var nanoseconds: [Stage: Int] = [:]

  /// Makes times of zero.
  public init() {}

  /// The seconds of a stage.
  public func seconds(of stage: Stage) -> Double { Double(nanoseconds[stage, default: 0]) / 1e9 }

  /// Runs `work` and adds its time to the stage's.
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
