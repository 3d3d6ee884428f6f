internal import CLinux

/// Where ranks that share memory wait for one another, as often as they like.
///
/// Each rank has words of its own, a cache line from the others', that say what it has come to; so a rank that is
/// missing has a name. Whoever comes last opens the gate, the word on which the others sleep.
final class SharedBarrier {
  private let memory: SharedMapping
  private let rank: Int
  private let size: Int
  /// What this rank has seen of each rank's beats, and when they last went on.
  private var seen: [(beats: UInt32, at: ContinuousClock.Instant)]
  /// The barriers that this rank has come to; it wraps around, as the words do.
  private var count: UInt32 = 0

  private static let line = 64
  /// About as long as a rank that runs beside this one needs to catch up; longer would take its processor away.
  private static let spins = 200

  init(in memory: SharedMapping, rank: Int, size: Int) {
    self.memory = memory
    self.rank = rank
    self.size = size
    seen = Array(repeating: (0, .now), count: size)
  }

  /// The memory that a barrier of `size` ranks needs, all zeros at first.
  static func byteCount(size: Int) -> Int { line * (2 + size) + noticeByteCount }

  private var gate: UnsafeMutablePointer<UInt32> { words(0) }
  private var arrivals: UnsafeMutablePointer<UInt32> { words(1) }

  /// What a rank tells of itself, one word each.
  private enum Note: Int {
    /// The barriers that it has come to.
    case arrivals
    /// Counts on while it waits, whatever for: it stands still in a rank that is stopped or busy.
    case beats
  }

  private func note(_ note: Note, of rank: Int) -> UnsafeMutablePointer<UInt32> {
    words(2 + rank) + note.rawValue
  }

  /// The words of a line.
  private func words(_ index: Int) -> UnsafeMutablePointer<UInt32> {
    (memory.start + index * Self.line).assumingMemoryBound(to: UInt32.self)
  }
}

extension SharedBarrier {
  /// Comes to the next barrier; what this rank wrote before is seen by all that leave it.
  func arrive() {
    count &+= 1
    linux_store_word(note(.arrivals, of: rank), count)
    if linux_increment_word(arrivals) == count &* UInt32(size) {
      linux_store_word(gate, count)
      linux_wake(gate)
    }
  }

  /// Whether every rank has come.
  var isComplete: Bool { linux_load_word(gate) == count }

  /// Whether a rank has come to this barrier, be it over or not.
  func hasCome(_ rank: Int) -> Bool { linux_load_word(note(.arrivals, of: rank)) != count &- 1 }

  /// How many ranks have come.
  var attendance: Int { (0..<size).count { hasCome($0) } }

  /// Waits a few microseconds, on the chance that the others are about to come.
  func spin() {
    for _ in 0..<Self.spins where !isComplete { linux_pause() }
  }

  /// Sleeps until every rank has come, for at most `time`.
  func sleep(atMost time: Duration) {
    // The gate shows the previous barrier's number until the last rank comes, and cannot go further without this one.
    linux_wait_while(gate, count &- 1, Int(max(.zero, time) / .nanoseconds(1)))
  }
}

/// What ranks see of one another without a message, when one of them stops.
extension SharedBarrier {
  /// The longest time from one beat of a waiting rank to the next.
  static let beat = Duration.milliseconds(20)

  /// Tells the others that this rank lives and waits, and looks who else does.
  func beat() {
    linux_increment_word(note(.beats, of: rank))
    for other in 0..<size {
      let beats = linux_load_word(note(.beats, of: other))
      if beats != seen[other].beats { seen[other] = (beats, .now) }
    }
  }

  /// The rank that all others wait for: the first, going back from this one, that has not waited lately itself.
  ///
  /// Messages would not tell: one that was sent may be stuck in the process that was stopped.
  func stuckRank(afterSilence silence: Duration) -> Int? {
    let lately = ContinuousClock.now - min(silence / 2, .seconds(1))
    return (1..<size).map { (rank - $0).modulo(size) }.first { seen[$0].at < lately }
  }
}

/// A notice of failure that reaches all ranks at once, in whatever state the ring is.
extension SharedBarrier {
  /// Room for the notice: a line of words, then its reason.
  private static let noticeByteCount = 1024 + line
  private static let longestReason = 1024

  private var notice: UnsafeMutablePointer<UInt32> { words(2 + size) }
  private var reason: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: memory.start + (3 + size) * Self.line, count: Self.longestReason)
  }

  private enum Stage: UInt32 { case none, writing, readable }

  /// Puts up the first notice; later ones tell of its consequences.
  func post(_ failure: AbortNotice) {
    guard linux_replace_word(notice, Stage.none.rawValue, Stage.writing.rawValue) != 0 else { return }
    let text = Array(failure.reason.utf8.prefix(Self.longestReason))
    reason.copyBytes(from: text)
    notice[1] = UInt32(failure.culprit)
    notice[2] = UInt32(failure.witness)
    notice[3] = UInt32(text.count)
    linux_store_word(notice, Stage.readable.rawValue)
  }

  /// The notice, once a rank has put one up.
  var failure: AbortNotice? {
    guard linux_load_word(notice) == Stage.readable.rawValue else { return nil }
    let length = min(Int(notice[3]), Self.longestReason)
    return AbortNotice(
      culprit: Int(notice[1]), witness: Int(notice[2]),
      reason: String(decoding: UnsafeRawBufferPointer(reason)[..<length], as: UTF8.self))
  }
}
