import Checkpoint
import FoundationEssentials
import Glibc
import System
import SystemPackage
import WorkerLink

/// How a run was launched: what `twins-launch resume` needs besides the checkpoint.
package struct LaunchRecord: Codable, Equatable, Sendable {
  /// The command line without its subcommand, with dashes in flags' names.
  package var arguments: [String]
  /// The folder to which its relative paths refer.
  package var directory: String
  /// The output folder.
  package var output: String
  /// The number of workers.
  package var workers: Int
  /// The hardware as described by a worker; nil if unknown.
  package var machine: String?

  /// Reads a launcher folder's record; nil if there is none or it cannot be read.
  package init?(in folder: String) {
    guard let bytes = try? RegularFile.contents(of: FilePath("\(folder)/\(RunLayout.launch)")),
      let record = try? JSONDecoder().decode(Self.self, from: Data(bytes))
    else { return nil }
    self = record
  }

  /// Makes the record of a run launched here and now.
  package init(arguments: [String], output: String, workers: Int, machine: String? = nil) {
    directory = FileManager.default.currentDirectoryPath
    self.output = Folders.withoutParents(output.hasPrefix("/") ? output : "\(directory)/\(output)")
    // Removes `..` from paths, since the folder before it may no longer exist on resuming.
    var flags = FlagGroups(arguments)
    flags.changeValues(of: Self.paths) { Folders.withoutParents(withHomeFolder($0)) }
    self.arguments = flags.arguments
    self.workers = workers
    self.machine = machine
  }

  /// Writes the record to the launcher's folder; returns a warning on failure, which does not prevent
  /// training.
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
  /// The flags whose values are paths.
  package static let paths: Set = [
    "data-path", "config", "resume", "finetune", "run-dir", "device-library", "rdzv-key-file",
    "prometheus", "class-weights", "teacher",
  ]

  /// The launcher's folder if it was given and lies outside the output folder; otherwise nil.
  package var namedFolder: String? {
    FlagGroups(arguments).value(of: "run-dir").map { given in
      let path = withHomeFolder(given)
      return path.hasPrefix("/") ? path : "\(directory)/\(path)"
    }
  }

  /// The run's output folder: the one around the launcher's folder, even if it was moved, unless --run-dir
  /// separated them.
  package func output(ofRunIn folder: String) -> String {
    guard namedFolder == nil else { return output }
    guard let path = realpath(folder, nil) else { return output }
    defer { free(path) }
    return String(cString: path).split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
  }
}
