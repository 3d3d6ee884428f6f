internal import CLinux

/// What ranks see of one another without a message, when one of them stops.
extension SharedMeeting {
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
extension SharedMeeting {
  /// Room for the notice: a line of words, then its reason.
  static let noticeByteCount = 1024 + line
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
