internal import CLinux

/// A reusable barrier for ranks that share memory.
///
/// Each rank writes its progress to a cache line of its own, so a missing rank can be named. The last rank to
/// arrive opens the gate, the word on which the others sleep.
final class SharedBarrier {
  private let memory: SharedMapping
  private let rank: Int
  private let size: Int
  /// The last value of each rank's beat counter that this rank saw, and when it last changed.
  private var seen: [(beats: UInt32, at: ContinuousClock.Instant)]
  /// How many barriers this rank has arrived at; it wraps around, as the shared words do.
  private var count: UInt32 = 0

  private static let line = 64
  /// About the time that a rank running beside this one needs to catch up; more would keep the processor from
  /// it.
  private static let spins = 200

  init(in memory: SharedMapping, rank: Int, size: Int) {
    self.memory = memory
    self.rank = rank
    self.size = size
    seen = Array(repeating: (0, .now), count: size)
  }

  /// The bytes of memory that a barrier of `size` ranks needs; they must start as zeros.
  static func byteCount(size: Int) -> Int { line * (2 + size) + noticeByteCount }

  private var gate: UnsafeMutablePointer<UInt32> { words(0) }
  private var arrivals: UnsafeMutablePointer<UInt32> { words(1) }

  /// What a rank shows of itself, one word each.
  private enum Note: Int {
    /// How many barriers it has arrived at.
    case arrivals
    /// A counter that grows while the rank waits for anything; it stands still in a rank that is stopped or
    /// busy.
    case beats
  }

  private func note(_ note: Note, of rank: Int) -> UnsafeMutablePointer<UInt32> {
    words(2 + rank) + note.rawValue
  }

  /// The words of a cache line.
  private func words(_ index: Int) -> UnsafeMutablePointer<UInt32> {
    (memory.start + index * Self.line).assumingMemoryBound(to: UInt32.self)
  }
}

extension SharedBarrier {
  /// Arrives at the next barrier; all that this rank wrote before is visible to every rank that leaves the
  /// barrier.
  func arrive() {
    count &+= 1
    linux_store_word(note(.arrivals, of: rank), count)
    if linux_increment_word(arrivals) == count &* UInt32(size) {
      linux_store_word(gate, count)
      linux_wake(gate)
    }
  }

  /// Whether every rank has arrived.
  var isComplete: Bool { linux_load_word(gate) == count }

  /// Whether a rank has arrived at this barrier, which may be over.
  func hasCome(_ rank: Int) -> Bool { linux_load_word(note(.arrivals, of: rank)) != count &- 1 }

  /// How many ranks have arrived.
  var attendance: Int { (0..<size).count { hasCome($0) } }

  /// Spins for a few microseconds, in case the others are about to arrive.
  func spin() {
    for _ in 0..<Self.spins where !isComplete { linux_pause() }
  }

  /// Sleeps until every rank has arrived, for at most `time`.
  func sleep(atMost time: Duration) {
    // The gate holds the previous barrier's number until the last rank arrives, and cannot advance further
    // without this rank.
    linux_wait_while(gate, count &- 1, Int(max(.zero, time) / .nanoseconds(1)))
  }
}

/// Beats: what ranks see of each other without a message when one of them stops.
extension SharedBarrier {
  /// The longest time from one beat of a waiting rank to the next.
  static let beat = Duration.milliseconds(20)

  /// Shows the others that this rank waits, and notes which others do.
  func beat() {
    linux_increment_word(note(.beats, of: rank))
    for other in 0..<size {
      let beats = linux_load_word(note(.beats, of: other))
      if beats != seen[other].beats { seen[other] = (beats, .now) }
    }
  }

  /// Names the rank for which all others wait: going back from this one, the first that has not beaten
  /// lately.
  ///
  /// Messages could not tell: one that was sent may be stuck in the stopped process.
  func stuckRank(afterSilence silence: Duration) -> Int? {
    let lately = ContinuousClock.now - min(silence / 2, .seconds(1))
    return (1..<size).map { (rank - $0).modulo(size) }.first { seen[$0].at < lately }
  }
}

/// A failure notice that reaches all ranks at once, whatever state the ring is in.
extension SharedBarrier {
  /// Room for the notice: a line of words, then the reason.
  private static let noticeByteCount = 1024 + line
  private static let longestReason = 1024

  private var notice: UnsafeMutablePointer<UInt32> { words(2 + size) }
  private var reason: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: memory.start + (3 + size) * Self.line, count: Self.longestReason)
  }

  private enum Stage: UInt32 { case none, writing, readable }

  /// Posts a notice unless there is one; later failures are consequences of the first.
  func post(_ failure: AbortNotice) {
    guard linux_replace_word(notice, Stage.none.rawValue, Stage.writing.rawValue) != 0 else { return }
    let text = Array(failure.reason.utf8.prefix(Self.longestReason))
    reason.copyBytes(from: text)
    notice[1] = UInt32(failure.culprit)
    notice[2] = UInt32(failure.witness)
    notice[3] = UInt32(text.count)
    linux_store_word(notice, Stage.readable.rawValue)
  }

  /// The posted notice, if any.
  var failure: AbortNotice? {
    guard linux_load_word(notice) == Stage.readable.rawValue else { return nil }
    let length = min(Int(notice[3]), Self.longestReason)
    return AbortNotice(
      culprit: Int(notice[1]), witness: Int(notice[2]),
      reason: String(decoding: UnsafeRawBufferPointer(reason)[..<length], as: UTF8.self))
  }
}
