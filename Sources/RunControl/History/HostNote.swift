import Checkpoint
import FoundationEssentials
import Recipe
import System
import SystemPackage
import WorkerLink

/// The note that another host's launcher leaves in its own folder: which host keeps the run's results, and
/// where.
package struct HostNote: Codable, Equatable, Sendable {
  package let run: String
  /// The number of the host that leaves the note.
  package let host: Int
  /// The name of host 0.
  package let first: String
  /// Host 0's output folder, as named there.
  package let output: String

  package init(run: String, host: Int, first: String, output: String) {
    (self.run, self.host, self.first, self.output) = (run, host, first, output)
  }

  /// Reads a launcher folder's note; nil if there is none or it cannot be read.
  package init?(in folder: String) {
    guard let bytes = try? RegularFile.contents(of: FilePath("\(folder)/\(RunLayout.host)")),
      let note = try? JSONDecoder().decode(Self.self, from: Data(bytes))
    else { return nil }
    self = note
  }

  /// Writes the note; a failure only leaves `status` with less to say later.
  package func write(to folder: String) {
    guard let text = try? controlLine(self) else { return }
    try? AtomicFile.write(text, to: "\(folder)/\(RunLayout.host)")
  }
}

extension HostNote {
  /// The notes in a folder given by the user: a launcher's of another host, or that host's output folder on
  /// its own disk.
  package static func all(in given: String) -> [(folder: String, note: HostNote)] {
    let inner = "\(given)/\(RunLayout.launcher)"
    let names = Folders.names(in: inner).filter { RunLayout.host(ofLauncher: $0) != nil }.sorted()
    return ([given] + names.map { "\(inner)/\($0)" }).compactMap { folder in
      HostNote(in: folder).map { (folder, $0) }
    }
  }

  /// The error for such a folder; nil for all others.
  static func error(_ given: String) -> LaunchError? {
    all(in: given).first.map { folder, note in
      LaunchError(note.sentence(in: folder), exitStatus: .missingInput)
    }
  }

  /// The note as a sentence, for the launcher's folder `folder`.
  package func sentence(in folder: String) -> String {
    let place = masked(folder)
    let ask = "twins-launch status "
    if ControlClient.isAnswered(in: folder) {
      return
        "\(place) is of host \(host) of run \(masked(run)), which goes on: \(ask)\(FilePath(folder).quoted)"
    }
    return
      "\(place) is of host \(host) of run \(masked(run)), and its launcher has ended. What came of the run is kept on "
      + "host 0 (\(masked(first))): \(ask)\(FilePath(output).quoted)"
  }
}
