import Glibc

/// The file that keeps every line of one rank as the worker wrote it.
///
/// A line is in the file before it is on the console, so a launcher that is killed leaves all that it has read; what the
/// workers' pipes hold then, they add themselves (`UnreadOutput`). Workers that wrote the file always could not be told
/// apart by stream, nor could a flood be held back, and a full disk would end the training.
struct RankLog: ~Copyable {
  let path: String

  private let file: Descriptor
  /// Lines that are not in the file yet, and how many were too many to keep.
  private var pending: [UInt8] = []
  private var missing = 0
  private var isInTrouble = false

  /// Bytes that are kept while the disk takes none.
  private static let room = 1 << 20

  /// Starts an empty log, in place of an earlier run's.
  init(path: String) throws(LaunchError) {
    self.path = path
    file = try Descriptor(
      open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o644), from: "open \(path)")
  }

  /// Takes in a line with its end.
  mutating func append(_ line: UnsafeRawBufferPointer) {
    if isInTrouble, pending.count + line.count > Self.room {
      missing += 1
    } else {
      pending.append(contentsOf: line)
    }
  }

  /// Writes the lines taken in so far, as far as that goes; what to say of it, once for each trouble.
  mutating func save() -> String? {
    var failure = writePending()
    if failure == nil, missing > 0 {
      pending += "twins-launch: \(missing) lines are missing here: the disk took none\n".utf8
      missing = 0
      failure = writePending()
    }
    defer { isInTrouble = failure != nil }
    guard let failure, !isInTrouble else { return nil }
    return
      "cannot write \(path): \(errorText(failure)). The run goes on, and keeps the next megabyte of its lines."
  }

  private mutating func writePending() -> CInt? {
    var written = 0
    defer { pending.removeFirst(written) }
    return pending.withUnsafeBytes { bytes in
      while written < bytes.count {
        let count = write(file.number, bytes.baseAddress?.advanced(by: written), bytes.count - written)
        if count < 0, errno != EINTR { return errno }
        written += max(0, count)
      }
      return nil
    }
  }
}
