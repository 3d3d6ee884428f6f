import FoundationEssentials
import Glibc
import Recipe
import System
import SystemPackage
import WorkerLink

/// Finds this user's running runs by name: a private folder with a file for each, which contains the path of
/// the run's folder.
package struct RunRegistry: Sendable {
  package let path: String

  /// The folders in which launchers may have registered runs, the one for new runs first.
  package static func all(_ environment: [String: String]) -> [RunRegistry] {
    let user = geteuid()
    let named = environment["XDG_RUNTIME_DIR"].map { "\($0)/twins-runs" }
    return [named, "/tmp/twins-runs-\(user)", "/run/user/\(user)/twins-runs"].compactMap { $0 }.reduce(
      into: []) {
        found, path in
        if !found.contains(where: { $0.path == path }) { found.append(RunRegistry(path: path)) }
      }
  }

  /// The folders of runs registered under that name, which several launchers may use.
  package func folders(of run: RunIdentifier) -> [String] {
    notes.filter { $0.run == run }.reduce(into: []) { found, note in
      if !found.contains(note.folder) { found.append(note.folder) }
    }
  }

  /// The folders of registered runs whose launcher answers.
  package var runningFolders: [String] { notes.map(\.folder).filter(ControlClient.isAnswered) }

  /// The names of registered runs whose launcher answers.
  package var running: [String] {
    Set(notes.filter { ControlClient.isAnswered(in: $0.folder) }.map(\.run.text)).sorted()
  }

  /// Registers a run; false on failure, which does not prevent training.
  package func add(_ run: RunIdentifier, folder: String) -> Bool {
    remove(run, folder: folder)
    removeStale(besides: run)
    // Repeated in case a launcher that ends removes the empty folder in between.
    for _ in 0..<100 {
      mkdir(path, 0o700)
      guard obstacle == nil else { return false }
      if isPrivate, write(folder, to: "\(run.text)@\(getpid())") { return true }
    }
    return false
  }

  /// Written atomically, since other launchers may read it meanwhile.
  private func write(_ text: String, to name: String) -> Bool {
    let draft = "\(path)/.\(name)"
    let isWritten = FileManager.default.createFile(
      atPath: draft, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    return isWritten && rename(draft, "\(path)/\(name)") == 0
  }

  /// Why this user cannot use an existing folder, as a sentence.
  package var obstacle: String? {
    guard let status, !Self.isPrivate(status) else { return nil }
    let fault = status.st_uid == geteuid() ? "others may change it" : "user \(status.st_uid) made it"
    return "runs are not noted in \(path), since \(fault): name a run by its output folder"
  }

  /// Removes a run's registrations for that folder, and the registry itself if that leaves it empty.
  package func remove(_ run: RunIdentifier, folder: String) {
    removeNotes { $0.run == run && $0.folder == folder }
  }

  /// A file `RUN@PID` that contains a folder; no two launchers write the same one.
  private struct Note {
    let run: RunIdentifier
    let folder: String
    let path: String

    init?(_ path: String) {
      let name = path.split(separator: "/").last?.split(separator: "@") ?? []
      guard name.count == 2, let run = RunIdentifier(String(name[0])),
        let content = FileManager.default.contents(atPath: path), content.first == UInt8(ascii: "/")
      else { return nil }
      (self.run, self.path, folder) = (run, path, String(decoding: content, as: UTF8.self))
    }
  }

  private var notes: [Note] {
    guard isPrivate else { return [] }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.sorted().compactMap { Note("\(path)/\($0)") }
  }

  /// Removes registrations of killed launchers, at whose sockets nobody listens. Those of runs that can still be resumed
  /// by their name stay: whose folder is there and whose name no later run has.
  private func removeStale(besides run: RunIdentifier) {
    removeNotes {
      ($0.run == run || access($0.folder, F_OK) != 0) && !ControlClient.isAnswered(in: $0.folder)
    }
  }

  private func removeNotes(where isToGo: (Note) -> Bool) {
    for note in notes where isToGo(note) { unlink(note.path) }
    rmdir(path)
  }

  /// Whether only this user can change the folder, whose content is trusted.
  private var isPrivate: Bool { status.map(Self.isPrivate) ?? false }

  private static func isPrivate(_ status: stat) -> Bool {
    status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid() && status.st_mode & 0o022 == 0
  }

  /// Nil if it does not exist.
  private var status: stat? {
    var status = stat()
    return lstat(path, &status) == 0 ? status : nil
  }
}

/// The registration of a run, which lasts as long as this object.
package final class RunRegistration {
  private let run: RunIdentifier
  private let folder: String
  private let registry: RunRegistry?
  /// Why the run could not be registered, as a sentence.
  package let obstacle: String?

  package init(_ run: RunIdentifier, folder: String, environment: [String: String]) {
    self.run = run
    let folder = folder.hasPrefix("/") ? folder : FileManager.default.currentDirectoryPath + "/" + folder
    self.folder = folder
    let all = RunRegistry.all(environment)
    registry = all.first { $0.add(run, folder: folder) }
    obstacle = registry == nil ? all.lazy.compactMap(\.obstacle).first : nil
  }

  deinit { registry?.remove(run, folder: folder) }
}

/// Finds the folder of a run that a user names.
package enum RunFinder {
  /// Finds a run by its own folder, by the output folder that contains it, or by the name of a run that this
  /// user started.
  ///
  /// - Parameter obstacle: Returns the errno that keeps this user from the control socket in a folder, or 0.
  package static func folder(
    _ name: String, environment: [String: String], obstacle: (String) -> CInt = obstacle
  ) throws(LaunchError) -> String {
    var forbidden: String?
    for folder in [name, "\(name)/\(RunLayout.launcher)"] {
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
        exitStatus: .usage)
    }
    if let folder = answered.first ?? noted.first { return folder }
    if let forbidden { throw ControlClient.unreachable(forbidden, errno: EACCES) }
    if let error = folderError(name) { throw error }
    let running = registries.flatMap(\.running)
    let obstacles = registries.compactMap(\.obstacle).map { " Also, \($0)." }.joined()
    throw LaunchError(
      "no run '\(name)': it is neither the folder of a run that is running, nor the output folder of one, nor a run's "
        + "name. "
        + (running.isEmpty
          ? "No runs of this user are known here." : "Running: \(running.joined(separator: ", ")).")
        + obstacles + " Start one with twins-launch, or name its folder.", exitStatus: .missingInput)
  }

  /// The error for a folder that is no run's but related to one; nil for all others.
  package static func folderError(_ name: String) -> LaunchError? { sweepError(name) ?? HostNote.error(name) }

  /// The error for a folder that is a sweep's; nil for all others.
  private static func sweepError(_ name: String) -> LaunchError? {
    let file = "\(name)/\(RunLayout.sweep)"
    guard access(file, F_OK) == 0 else { return nil }
    let bytes = (try? RegularFile.contents(of: FilePath(file))) ?? []
    guard (try? JSONTree(parsing: String(decoding: bytes, as: UTF8.self))) != nil else {
      return LaunchError(
        "\(masked(file)) is damaged, the table of a sweep: twins-launch sweep FILE, as the sweep was begun, writes it anew from "
          + "its runs and goes on with them.", exitStatus: .missingInput)
    }
    return LaunchError(
      "\(name) is the folder of a sweep, and each of its runs has a folder in it. All of them: twins-launch status "
        + FilePath(name).quoted, exitStatus: .missingInput)
  }

  package static func obstacle(_ folder: String) -> CInt {
    access("\(folder)/\(RunLayout.control)", F_OK) == 0 ? 0 : errno
  }
}
