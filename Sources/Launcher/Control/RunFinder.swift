import Glibc
import Recipe

/// Finds the folder of a run that a user names.
enum RunFinder {
  /// `name` is a run's own folder, an output folder with one in it, or the name of a run that this user started.
  ///
  /// - Parameter obstacle: The errno that keeps this user from the control socket in a folder, 0 where nothing does.
  static func folder(
    _ name: String, environment: [String: String], obstacle: (String) -> CInt = obstacle
  ) throws(LaunchError) -> String {
    var forbidden: String?
    for folder in [name, "\(name)/run"] {
      switch obstacle(folder) {
      case 0: return folder
      case EACCES: forbidden = forbidden ?? folder
      default: continue
      }
    }
    let registries = RunRegistry.all(environment)
    let noted = RunIdentifier(name).map { run in registries.flatMap { $0.folders(of: run) } } ?? []
    let answered = noted.filter(ControlClient.isAnswered)
    guard answered.count < 2 else {
      throw LaunchError(
        "\(answered.count) runs are called '\(name)': \(answered.joined(separator: ", ")). Name one by its folder.",
        exitCode: .usage)
    }
    if let folder = answered.first ?? noted.first { return folder }
    if let forbidden { throw ControlClient.unreachable(forbidden, errno: EACCES) }
    let running = registries.flatMap(\.running)
    let obstacles = registries.compactMap(\.obstacle).map { " Also, \($0)." }.joined()
    throw LaunchError(
      "no run '\(name)': it is neither the folder of a run that is running, nor the output folder of one, nor a run's "
        + "name. "
        + (running.isEmpty
          ? "No runs of this user are known here." : "Running: \(running.joined(separator: ", ")).")
        + obstacles + " Start one with twins-launch, or name its folder.", exitCode: .missingInput)
  }

  static func obstacle(_ folder: String) -> CInt {
    access("\(folder)/\(ControlSocket.name)", F_OK) == 0 ? 0 : errno
  }
}
