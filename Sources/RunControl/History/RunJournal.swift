import FoundationEssentials
import Glibc
import System
import SystemPackage
import WorkerLink

/// A launcher's record of its run in its own folder: the start, each failure followed by a restart, and the
/// end.
///
/// A start without an end, where no launcher answers, means that the launcher was killed.
package struct RunJournal: Sendable {
  package let path: String
  /// Whether earlier records are of the same run.
  private let goesOn: Bool

  package init(in folder: String, goesOn: Bool) {
    path = "\(folder)/\(RunLayout.journal)"
    self.goesOn = goesOn
  }

  /// Records that the run begins or continues; returns a warning on failure, which does not prevent training.
  ///
  /// - Parameter progress: The file to which the run appends lines.
  package func begin(run: String, workers: Int, hosts: Int?, progress: String?) -> String? {
    if !goesOn { forget() }
    var line = JournalLine(
      began: now, run: run, host: ownHostName, launcher: getpid(), workers: workers, hosts: hosts)
    if goesOn, let progress { line.earlierLine = lastChange(of: progress) }
    return add(line)
  }

  /// Deletes earlier launchers' records, before anything else of their run is deleted.
  package func forget() { unlink(path) }

  /// Records that an attempt failed and will be followed by another.
  package func fail(attempt: Int, _ reason: String) {
    _ = add(JournalLine(failed: now, attempt: attempt, reason: reason))
  }

  /// Records the end.
  package func end(status: CInt, _ reason: String?) {
    _ = add(JournalLine(ended: now, status: status, reason: reason))
  }

  private func add(_ line: JournalLine) -> String? {
    do {
      let file = try RegularFile(addingTo: FilePath(path))
      // Starts a new line if a crash left an incomplete one.
      try file.write(Array("\(file.endsInLine() ? "" : "\n")\(try controlLine(line))".utf8))
      return nil
    } catch {
      return "twins-launch status will not know how this run ends: \(error)"
    }
  }

  /// Seconds since 1970, to the millisecond.
  private var now: Double { (Date().timeIntervalSince1970 * 1000).rounded() / 1000 }
}

extension RegularFile {
  /// Whether the file's last line is complete, so that an addition starts a new one.
  fileprivate borrowing func endsInLine() -> Bool {
    var last: UInt8 = 0
    return size == 0 || pread(descriptor, &last, 1, off_t(size - 1)) == 1 && last == newline
  }
}

/// A line of the journal: exactly one of the three times is set, in seconds since 1970.
private struct JournalLine: Codable {
  var began: Double?
  var failed: Double?
  var ended: Double?
  var run: String?
  var host: String?
  var launcher: Int32?
  var workers: Int?
  var hosts: Int?
  /// When an earlier launch of the run wrote its last line.
  var earlierLine: Double?
  var attempt: Int?
  var status: CInt?
  var reason: String?

  /// Whether the times are within a few thousand years, so that calculations with them are safe.
  var isOfOurAge: Bool { [began, failed, ended, earlierLine].allSatisfy { abs($0 ?? 0) < 1e11 } }
}

/// One launch of a run, as recorded by its launcher.
package struct LaunchNote: Equatable, Sendable {
  package let run: String
  /// Seconds since 1970.
  package let began: Double
  /// The launcher's host, and its process there.
  package let host: String
  package let launcher: Int32
  /// The number of workers on all hosts.
  package let workers: Int
  /// Nil if the run has one host.
  package var hosts: Int?
  /// When an earlier launch of the run wrote its last line; nil if there was none.
  package var earlierLine: Double?
  /// The reasons for restarts, by attempt.
  package var failures: [String] = []
  /// Nil while it runs, and forever if the launcher was killed.
  package var end: End?

  package struct End: Equatable, Sendable {
    /// Seconds since 1970.
    package let moment: Double
    package let status: CInt
    package var reason: String?
  }

  /// Parses the launches in a journal, the latest last; an incomplete line, as left by a crash, is ignored.
  static func all(in journal: some Collection<UInt8>) -> [LaunchNote] {
    journal.split(separator: newline).reduce(into: []) { notes, bytes in
      guard let line = try? controlMessage(JournalLine.self, bytes), line.isOfOurAge else { return }
      if let began = line.began {
        notes.append(
          LaunchNote(
            run: line.run ?? "", began: began, host: line.host ?? "", launcher: line.launcher ?? 0,
            workers: line.workers ?? 0, hosts: line.hosts, earlierLine: line.earlierLine))
      } else if let last = notes.indices.last {
        if line.failed != nil { notes[last].failures.append(line.reason ?? "") }
        if let ended = line.ended, let status = line.status {
          notes[last].end = End(moment: ended, status: status, reason: line.reason)
        }
      }
    }
  }
}

/// When a file was last changed, in seconds since 1970; nil if it does not exist or is empty.
package func lastChange(of path: String) -> Double? {
  var status = stat()
  guard stat(path, &status) == 0, status.st_size > 0 else { return nil }
  return Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
}

/// This host's name.
package var ownHostName: String {
  var text = [CChar](repeating: 0, count: 256)
  gethostname(&text, text.count - 1)
  return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
