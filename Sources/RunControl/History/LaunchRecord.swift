import Checkpoint
import FoundationEssentials
import Glibc
import System
import SystemPackage
import WorkerLink

/// How a run was launched: what `twins-launch resume` needs to know beside the run's checkpoint.
package struct LaunchRecord: Codable, Equatable, Sendable {
  /// The command line without its subcommand, the names of flags spelt with dashes.
  package var arguments: [String]
  /// The folder in which relative paths among them begin.
  package var directory: String
  /// Where the run wrote.
  package var output: String
  /// How many workers it had.
  package var workers: Int
  /// What its workers compute on, as one of them said; nil where none was asked.
  package var machine: String?

  /// What the launcher whose own folder this is has noted; nil where it has not, or nobody can read it.
  package init?(in folder: String) {
    guard let bytes = try? RegularFile.contents(of: FilePath("\(folder)/\(RunLayout.launch)")),
      let record = try? JSONDecoder().decode(Self.self, from: Data(bytes))
    else { return nil }
    self = record
  }

  /// That of a run that is launched here and now.
  package init(arguments: [String], output: String, workers: Int, machine: String? = nil) {
    directory = FileManager.default.currentDirectoryPath
    self.output = Folders.withoutParents(output.hasPrefix("/") ? output : "\(directory)/\(output)")
    // The folder that a path goes up from may be gone when the run is to go on.
    var flags = FlagGroups(arguments)
    flags.changeValues(of: Self.paths) { Folders.withoutParents(withHomeFolder($0)) }
    self.arguments = flags.arguments
    self.workers = workers
    self.machine = machine
  }

  /// Notes it in the launcher's own folder; a sentence where that fails, which is no reason not to train.
  package func write(to folder: String) -> String? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      let text = String(decoding: try encoder.encode(self), as: UTF8.self)
      try AtomicFile.write(text + "\n", to: "\(folder)/\(RunLayout.launch)")
      return nil
    } catch {
      return "twins-launch resume will not know this run's flags: \(error)"
    }
  }
}

extension LaunchRecord {
  /// Names of flags whose values are paths.
  package static let paths: Set = [
    "data-path", "config", "resume", "finetune", "run-dir", "device-library", "rdzv-key-file",
    "prometheus", "class-weights", "teacher",
  ]

  /// The launcher's folder where that was named, and does not lie in the output folder; nil of any other.
  package var namedFolder: String? {
    FlagGroups(arguments).value(of: "run-dir").map { given in
      let path = withHomeFolder(given)
      return path.hasPrefix("/") ? path : "\(directory)/\(path)"
    }
  }

  /// Where the run's output lies: the folder around the launcher's own, wherever it was moved to, unless --run-dir parted the two.
  package func output(ofRunIn folder: String) -> String {
    guard namedFolder == nil else { return output }
    guard let path = realpath(folder, nil) else { return output }
    defer { free(path) }
    return String(cString: path).split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
  }
}
