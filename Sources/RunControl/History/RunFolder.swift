import Checkpoint
import FoundationEssentials
import Glibc
import Output
import Recipe
import System
import SystemPackage
import WorkerLink

/// The folders of a run: its output folder, its launcher's folder, or both.
package struct RunFolder: Equatable, Sendable {
  package let output: String?
  package let launcher: String?

  /// Finds the run whose output or launcher's folder is given; nil if there was none.
  package init?(_ given: String) {
    let path = given.count > 1 && given.hasSuffix("/") ? String(given.dropLast()) : given
    let inner = path == "." ? RunLayout.launcher : "\(path)/\(RunLayout.launcher)"
    if Self.isLaunchers(path) {
      launcher = path
      output = LaunchRecord(in: path).map { $0.output(ofRunIn: path) }
    } else if Self.holds(path, RunLayout.recipe) || Self.holds(path, RunLayout.epochs)
      || Self.holds(path, RunLayout.steps) || LaunchRecord(in: inner) != nil
    {
      output = path
      launcher = [LaunchRecord(in: inner)?.namedFolder, inner].compactMap(\.self).first(
        where: Self.isLaunchers)
    } else if Self.isLaunchers(inner) {
      // A user's own program, launched from here.
      (output, launcher) = (nil, inner)
    } else {
      return nil
    }
  }

  private static func isLaunchers(_ path: String) -> Bool {
    holds(path, RunLayout.journal) || holds(path, RunLayout.launch)
  }

  private static func holds(_ folder: String, _ name: String) -> Bool {
    access("\(folder)/\(name)", F_OK) == 0
  }

  /// Whether the output folder contains a recipe of this project.
  package var hasRecipe: Bool {
    guard let output else { return false }
    return (try? RecipeFile(path: "\(output)/\(RunLayout.recipe)")) != nil
  }

  /// Whether a launcher listens, but not to this user.
  package var isForbidden: Bool {
    guard let launcher else { return false }
    return access("\(launcher)/\(RunLayout.control)", W_OK) != 0 && errno == EACCES
  }

  /// The folder's resolved path, which identifies it.
  package var identity: String {
    let path = output ?? launcher ?? ""
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The run's history.
  package var history: RunHistory { RunHistory(traces, host: ownHostName) }

  /// The history of a finished run, even if its launcher is still alive to report it.
  package var historyOfEnded: RunHistory {
    var traces = traces
    traces.isAlive = false
    return RunHistory(traces, host: ownHostName)
  }

  /// Whether the launcher listens, or a worker without one holds the folder.
  package var isAlive: Bool {
    launcher.map(ControlClient.isAnswered) ?? false
      || output.map { FolderLock.isHeld("\($0)/\(RunLayout.lock)") } ?? false
  }

  private var traces: RunTraces {
    var traces = RunTraces(output: output, launcher: launcher)
    if let launcher {
      traces.record = LaunchRecord(in: launcher)
      traces.journal = bytes("\(launcher)/\(RunLayout.journal)")
      // A launcher's folder elsewhere says nothing about the output folder's disk.
      if traces.record?.namedFolder == nil {
        traces.hosts = Set(Folders.names(in: launcher).compactMap(RunLayout.host(ofLauncher:)))
      }
    }
    traces.isAlive = isAlive
    guard let output else { return traces }
    traces.recipe = bytes("\(output)/\(RunLayout.recipe)")
    traces.log = bytes("\(output)/\(RunLayout.epochs)")
    traces.steps = StepLines(path: "\(output)/\(RunLayout.steps)")
    traces.checkpoint = CheckpointStore(ofRunIn: output).names.last
    for name in RunLayout.allWeights where Self.holds(output, name) {
      traces.weights[name] = .some(NamedWeights.epoch(of: "\(output)/\(name)"))
    }
    traces.written = [RunLayout.epochs, RunLayout.steps].compactMap { lastChange(of: "\(output)/\($0)") }
      .max()
    return traces
  }

  private func bytes(_ path: String) -> [UInt8] { (try? RegularFile.contents(of: FilePath(path))) ?? [] }
}

extension RunFolder {
  /// Finds the run that a user names, in whatever state: by its folder, its launcher's folder, or its name.
  ///
  /// - Parameter root: The folder below which finished runs are searched for by name.
  package static func named(_ name: String, environment: [String: String], below root: String = ".")
    throws(LaunchError) -> RunFolder
  {
    if let folder = RunFolder(name) { return folder }
    do throws(LaunchError) {
      let found = try RunFinder.folder(name, environment: environment)
      if let folder = RunFolder(found) { return folder }
      throw LaunchError("there is nothing of a run in \(masked(found))", exitStatus: .missingInput)
    } catch {
      let named = RunSearch(below: root).folders.filter { $0.history.isCalled(name) }
      guard named.count < 2 else {
        let places = named.compactMap { $0.output ?? $0.launcher }.joined(separator: ", ")
        throw LaunchError(
          "\(named.count) runs are called '\(masked(name))': \(masked(places)). Name one by its folder.",
          exitStatus: .usage)
      }
      guard let folder = named.first else { throw error }
      return folder
    }
  }
}
