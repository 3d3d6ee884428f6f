import Drawing
import Glibc
import RunControl
import System

/// The log file of one rank: every line as the worker wrote it, except that function names in stacks are
/// demangled.
///
/// A line is written to the file before it goes to the console, so a launcher that is killed leaves every
/// complete line that it has read; the workers themselves add what their pipes still hold (`UnreadOutput`).
/// Workers do not write the file all the time, because then stdout and stderr could not be told apart, a
/// flood could not be slowed down, and a full disk would end the training.
struct RankLog: ~Copyable {
  let path: String

  private let file: Descriptor
  /// Lines that are not in the file yet, and the number of lines dropped because too many were waiting.
  private var pending: [UInt8] = []
  private var missing = 0
  /// The number of dropped lines that a pending line already mentions.
  private var noted = 0
  private var isInTrouble = false

  /// The most bytes to keep while the disk takes none.
  private static let room = 1 << 20

  /// Starts an empty log in place of an earlier run's.
  init(path: String) throws(LaunchError) {
    self.path = path
    file = try Descriptor(
      open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o666), from: "open \(path)")
  }

  /// Takes in a line, newline included. Once a line was dropped, so are all after it until the disk takes
  /// lines again.
  mutating func append(_ line: UnsafeRawBufferPointer) {
    if isInTrouble, missing > 0 || pending.count + line.count > Self.room {
      missing += 1
    } else {
      pending.append(contentsOf: line)
    }
  }

  /// Writes as many pending lines as the disk takes; returns a message, once for each failure.
  mutating func save() -> String? {
    var failure = writePending()
    if failure == nil, missing > 0 {
      pending +=
        "twins-launch: \(counted(missing, "line is", "lines are")) missing here: the disk took none\n".utf8
      (noted, missing) = (missing, 0)
      failure = writePending()
    }
    defer { isInTrouble = failure != nil }
    guard let failure, !isInTrouble else { return nil }
    return
      "cannot write \(path): \(errorText(failure)). The run goes on, and keeps the next megabyte of its lines."
  }

  /// Drops the lines that are not in the file; returns a message where there are any.
  mutating func end() -> String? {
    let kept = pending.count { $0 == newline } - (noted > 0 ? 1 : 0)
    let lost = kept + noted + missing
    (pending, noted, missing) = ([], 0, 0)
    return lost > 0 ? "\(counted(lost, "line")) of \(path) \(noun(lost, "was", "were")) never written." : nil
  }

  private mutating func writePending() -> CInt? {
    let (written, failure) = pending.withUnsafeBytes { writeAll($0, to: file.number) }
    pending.removeFirst(written)
    if failure == nil { noted = 0 }
    return failure
  }
}
