import Glibc

/// The file that keeps every line of one rank as the worker wrote it.
///
/// A line is in the file before it is on the console, so a launcher that is killed leaves all that it has read: what is
/// lost is what the workers' pipes hold at that moment, 64 KiB at most and nothing as a rule. Workers that wrote the file
/// themselves would lose nothing, but then the launcher could neither tell their two streams apart in one file nor hold a
/// flood back, and a full disk would end the training.
struct RankLog: ~Copyable {
  let path: String

  private let file: Descriptor
  private var pending: [UInt8] = []
  private var isBroken = false

  /// Starts an empty log, in place of an earlier run's.
  init(path: String) throws(LaunchError) {
    self.path = path
    file = try Descriptor(
      open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o644), from: "open \(path)")
  }

  mutating func append(_ line: UnsafeRawBufferPointer) {
    pending.append(contentsOf: line)
  }

  /// Writes the lines taken in so far; gives the reason when that fails, once, and drops the lines from then on.
  mutating func save() -> String? {
    defer { pending.removeAll(keepingCapacity: true) }
    guard !isBroken, let failure = writeAll() else { return nil }
    isBroken = true
    return "cannot write \(path): \(errorText(failure))"
  }

  private func writeAll() -> CInt? {
    pending.withUnsafeBytes { bytes in
      var written = 0
      while written < bytes.count {
        let count = write(file.number, bytes.baseAddress?.advanced(by: written), bytes.count - written)
        if count < 0, errno != EINTR { return errno }
        written += max(0, count)
      }
      return nil
    }
  }
}
