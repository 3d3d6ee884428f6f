import FoundationEssentials
import Recipe

/// Finds the folder of a run that a user names.
enum RunFinder {
  /// `name` is a run's own folder, an output folder with one in it, or the name of a run that this user started.
  static func folder(_ name: String, environment: [String: String]) throws(LaunchError) -> String {
    for folder in [name, "\(name)/run"] where isThere("\(folder)/\(ControlSocket.name)") { return folder }
    let registries = RunRegistry.all(environment)
    if let run = RunIdentifier(name), let folder = registries.lazy.compactMap({ $0.folder(of: run) }).first {
      return folder
    }
    let running = registries.flatMap(\.running)
    throw LaunchError(
      "no run '\(name)': it is neither the folder of a run that is running, nor the output folder of one, nor a run's "
        + "name. "
        + (running.isEmpty
          ? "No runs of this user are known here." : "Running: \(running.joined(separator: ", ")).")
        + " Start one with twins-launch, or name its folder.", exitCode: .missingInput)
  }

  private static func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}
