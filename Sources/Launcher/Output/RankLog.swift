import Drawing
import Glibc
import RunControl
import System

/// The file that keeps every line of one rank as the worker wrote it, but for the names of functions in stacks.
///
/// A line is in the file before it is on the console, so a launcher that is killed leaves all whole lines that it has read; what the
/// workers' pipes hold then, they add themselves (`UnreadOutput`). Workers that wrote the file always could not be told
/// apart by stream, nor could a flood be held back, and a full disk would end the training.
struct RankLog: ~Copyable {
  let path: String

  private let file: Descriptor
  /// Lines that are not in the file yet, and how many were too many to keep.
  private var pending: [UInt8] = []
  private var missing = 0
  /// Missing lines of which a line that is not in the file yet tells.
  private var noted = 0
  private var isInTrouble = false

  /// Bytes that are kept while the disk takes none.
  private static let room = 1 << 20

  /// Starts an empty log, in place of an earlier run's.
  init(path: String) throws(LaunchError) {
    self.path = path
    file = try Descriptor(
      open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o666), from: "open \(path)")
  }

  /// Takes in a line with its end; once one was too many, so are all behind it until the disk takes lines again.
  mutating func append(_ line: UnsafeRawBufferPointer) {
    if isInTrouble, missing > 0 || pending.count + line.count > Self.room {
      missing += 1
    } else {
      pending.append(contentsOf: line)
    }
  }

  /// Writes the lines taken in so far, as far as that goes; what to say of it, once for each trouble.
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

  /// Gives up on the lines that are not in the file; what to say of them, if there are any.
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
