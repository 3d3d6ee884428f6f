import FoundationEssentials
import Glibc
import System
import SystemPackage
import WorkerLink

/// What a launcher notes of its run, in its own folder: that it began, each failure that it started again after, and the end.
///
/// Whoever reads a beginning without an end, where no launcher answers, knows that the launcher was killed.
package struct RunJournal: Sendable {
  package let path: String
  /// Whether what earlier launchers noted is of the same run.
  private let goesOn: Bool

  package init(in folder: String, goesOn: Bool) {
    path = "\(folder)/\(RunLayout.journal)"
    self.goesOn = goesOn
  }

  /// Notes that the run begins, or goes on; a sentence where that fails, which is no reason not to train.
  ///
  /// - Parameter progress: The file to which the run adds lines.
  package func begin(run: String, workers: Int, hosts: Int?, progress: String?) -> String? {
    if !goesOn { forget() }
    var line = JournalLine(
      began: now, run: run, host: ownHostName, launcher: getpid(), workers: workers, hosts: hosts)
    if goesOn, let progress { line.earlierLine = lastChange(of: progress) }
    return add(line)
  }

  /// Forgets what earlier launchers noted, before anything of their run goes.
  package func forget() { unlink(path) }

  /// Notes that an attempt failed, after which another one follows.
  package func fail(attempt: Int, _ reason: String) {
    _ = add(JournalLine(failed: now, attempt: attempt, reason: reason))
  }

  /// Notes the end.
  package func end(status: CInt, _ reason: String?) {
    _ = add(JournalLine(ended: now, status: status, reason: reason))
  }

  private func add(_ line: JournalLine) -> String? {
    do {
      let file = try RegularFile(addingTo: FilePath(path))
      // Behind half a line, which a crash leaves.
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
  /// Whether something added to the file begins a line.
  fileprivate borrowing func endsInLine() -> Bool {
    var last: UInt8 = 0
    return size == 0 || pread(descriptor, &last, 1, off_t(size - 1)) == 1 && last == newline
  }
}

/// A line of the journal: exactly one of the three moments is there, in seconds since 1970.
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

  /// Whether its moments lie within some thousand years, so that times can be worked out of them.
  var isOfOurAge: Bool { [began, failed, ended, earlierLine].allSatisfy { abs($0 ?? 0) < 1e11 } }
}

/// One launch of a run, as its launcher noted it.
package struct LaunchNote: Equatable, Sendable {
  package let run: String
  /// Seconds since 1970.
  package let began: Double
  /// The host of the launcher, and its process there.
  package let host: String
  package let launcher: Int32
  /// Workers on all hosts.
  package let workers: Int
  /// Nil where the run has one host.
  package var hosts: Int?
  /// When an earlier launch of the run wrote its last line; nil where there was none.
  package var earlierLine: Double?
  /// Why it was started again, by attempts.
  package var failures: [String] = []
  /// Nil while it goes on, and for good where the launcher was killed.
  package var end: End?

  package struct End: Equatable, Sendable {
    /// Seconds since 1970.
    package let moment: Double
    package let status: CInt
    package var reason: String?
  }

  /// The launches of which the bytes of a journal tell, the latest last; half a line, which a crash leaves, is none.
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

/// When a file was changed last, in seconds since 1970; nil where there is none, or nothing in it.
package func lastChange(of path: String) -> Double? {
  var status = stat()
  guard stat(path, &status) == 0, status.st_size > 0 else { return nil }
  return Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
}

/// What this host calls itself.
package var ownHostName: String {
  var text = [CChar](repeating: 0, count: 256)
  gethostname(&text, text.count - 1)
  return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
