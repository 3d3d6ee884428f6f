import Checkpoint
import FoundationEssentials
import System
import SystemPackage
import WorkerLink

/// How a run was launched: what `twins-launch resume` needs to know beside the run's checkpoint.
struct LaunchRecord: Codable, Equatable, Sendable {
  /// The command line without its subcommand, the names of flags spelt with dashes.
  var arguments: [String]
  /// The folder in which relative paths among them begin.
  var directory: String
  /// Where the run wrote.
  var output: String
  /// How many workers it had.
  var workers: Int

  /// What the launcher whose own folder this is has noted; nil where it has not, or nobody can read it.
  init?(in folder: String) {
    guard let bytes = try? RegularFile.contents(of: FilePath("\(folder)/\(RunLayout.launch)")),
      let record = try? JSONDecoder().decode(Self.self, from: Data(bytes))
    else { return nil }
    self = record
  }

  /// That of a run that is launched here and now.
  init(arguments: [String], output: String, workers: Int) {
    directory = FileManager.default.currentDirectoryPath
    self.output = output.hasPrefix("/") ? output : "\(directory)/\(output)"
    self.arguments = arguments
    self.workers = workers
  }

  /// Notes it in the launcher's own folder; a sentence where that fails, which is no reason not to train.
  func write(to folder: String) -> String? {
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
