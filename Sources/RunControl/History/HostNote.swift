import Checkpoint
import FoundationEssentials
import Recipe
import System
import SystemPackage
import WorkerLink

/// What the launcher of another host than the first leaves in its own folder: who keeps what becomes of the run, and where.
package struct HostNote: Codable, Equatable, Sendable {
  package let run: String
  /// The number of the host that leaves it.
  package let host: Int
  /// What host 0 calls itself.
  package let first: String
  /// Host 0's output folder, as it is called there.
  package let output: String

  package init(run: String, host: Int, first: String, output: String) {
    (self.run, self.host, self.first, self.output) = (run, host, first, output)
  }

  /// What the launcher whose own folder this is has noted; nil where it has not, or nobody can read it.
  package init?(in folder: String) {
    guard let bytes = try? RegularFile.contents(of: FilePath("\(folder)/\(RunLayout.host)")),
      let note = try? JSONDecoder().decode(Self.self, from: Data(bytes))
    else { return nil }
    self = note
  }

  /// Notes it; where that fails, `status` has less to say later, which is no reason not to train.
  package func write(to folder: String) {
    guard let text = try? controlLine(self) else { return }
    try? AtomicFile.write(text, to: "\(folder)/\(RunLayout.host)")
  }
}

extension HostNote {
  /// Those of a folder that a user names: of a launcher of another host, or of its output folder on a disk of its own.
  package static func all(in given: String) -> [(folder: String, note: HostNote)] {
    let inner = "\(given)/\(RunLayout.launcher)"
    let names = Folders.names(in: inner).filter { RunLayout.host(ofLauncher: $0) != nil }.sorted()
    return ([given] + names.map { "\(inner)/\($0)" }).compactMap { folder in
      HostNote(in: folder).map { (folder, $0) }
    }
  }

  /// What to say of such a folder; nil of all others.
  static func error(_ given: String) -> LaunchError? {
    all(in: given).first.map { folder, note in
      LaunchError(note.sentence(in: folder), exitStatus: .missingInput)
    }
  }

  /// Of the launcher whose own folder is `folder`.
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
