import Datasets
import System

/// How long a rank's steps or evaluation waited for images, and why; a pure value.
struct ImageWait {
  /// What limits the images' speed.
  enum Bottleneck: Equatable {
    /// Reading them.
    case disk
    /// Decoding, with fewer threads than processors.
    case threads
    /// Decoding, with all processors in use.
    case decoding
  }

  /// What waits for images.
  enum Waiter: String {
    case steps = "steps wait for their images"
    case evaluation = "the evaluation waits for its images"
  }

  /// Seconds of all steps or evaluated batches.
  var all = 0.0
  /// Seconds of these spent waiting.
  var waited = 0.0
  /// The work of the loader's threads in that time.
  var work = LoaderWork()
  /// The number of the loader's threads.
  let threads: Int
  /// The number of processors for this rank alone.
  let processors: Int
  /// Whether the images are packed already.
  let isPacked: Bool
  /// Whether images stay in memory once they are read.
  let isCached: Bool
  var waiter = Waiter.steps

  /// Waits shorter than these limits appear only in the lines of steps.
  private static let (longEnough, share) = (5.0, 0.2)

  /// Adds a step or a batch.
  mutating func add(seconds: Double, waited: Double) {
    all += seconds
    self.waited += waited
  }

  /// What to change first; nil if the wait is too short to mention.
  var bottleneck: Bottleneck? {
    guard waited >= Self.longEnough, waited >= Self.share * all else { return nil }
    if work.reading > work.making { return .disk }
    return threads < processors ? .threads : .decoding
  }

  /// A sentence with the wait, its cause, and the flag that helps.
  func sentence(_ bottleneck: Bottleneck) -> String {
    "\(waiter.rawValue) for \(percent(waited, of: all)) of the time (\(Int(waited)) of \(Int(all)) s). "
      + reason(bottleneck)
  }

  private func reason(_ bottleneck: Bottleneck) -> String {
    let decoders = counted(threads, "decode thread")
    let share = percent(work.reading, of: work.reading + work.making)
    switch bottleneck {
    case .disk:
      let remedies =
        (isPacked
          ? []
          : ["make a few large files of the images, which are read ahead, with twins-worker dataset pack"])
        + ["let more reads wait at once with --num-workers \(max(2, 2 * threads))"]
        + (isCached ? [] : ["read each image once with --cache ram"])
        + (isPacked ? ["put the shards on a faster disk"] : [])
      return "Reading takes \(share) of the work of \(decoders): \(remedies.joined(separator: ", or "))"
    case .threads:
      return
        "Decoding takes \(percent(work.making, of: work.reading + work.making)) of the work of \(decoders), and there are "
        + "\(processors) processors for them: use --num-workers \(processors)"
    case .decoding:
      return
        "Decoding takes all that \(decoders) and \(processors == 1 ? "the processor" : "\(processors) processors") can do: make "
        + "the images smaller with twins-worker dataset pack --max-side, or give the worker more processors"
    }
  }

  private func percent(_ part: Double, of whole: Double) -> String {
    "\(whole > 0 ? Int((100 * part / whole).rounded()) : 0) %"
  }
}
