import FoundationEssentials
import Glibc

/// Where this user's running runs can be found by name: a private folder with a file for each, which holds the path
/// of the run's own folder.
struct RunRegistry: Sendable {
  let path: String

  /// The folders in which a launcher may have noted its run, the one for new runs first.
  static func all(_ environment: [String: String]) -> [RunRegistry] {
    let user = geteuid()
    let named = environment["XDG_RUNTIME_DIR"].map { "\($0)/twins-runs" }
    return [named, "/tmp/twins-runs-\(user)", "/run/user/\(user)/twins-runs"].compactMap { $0 }.reduce(
      into: []) {
        found, path in
        if !found.contains(where: { $0.path == path }) { found.append(RunRegistry(path: path)) }
      }
  }

  /// The run's folder, where one of that name is noted.
  func folder(of run: RunIdentifier) -> String? {
    guard isPrivate, let content = FileManager.default.contents(atPath: file(run)) else { return nil }
    let folder = String(decoding: content, as: UTF8.self)
    return folder.hasPrefix("/") ? folder : nil
  }

  /// The names of the runs that are noted and answer.
  var running: [String] {
    removeStale()
    return isPrivate ? names.sorted() : []
  }

  /// Notes a run; false where that cannot be done, which is no reason not to train.
  func add(_ run: RunIdentifier, folder: String) -> Bool {
    // Once more when a launcher that ends takes the empty folder away in between.
    for _ in 0..<3 {
      mkdir(path, 0o700)
      guard isPrivate else { return false }
      removeStale()
      mkdir(path, 0o700)
      let isWritten = FileManager.default.createFile(
        atPath: file(run), contents: Data(folder.utf8), attributes: [.posixPermissions: 0o600])
      if isWritten { return true }
    }
    return false
  }

  /// Takes a note away, if it is still of that folder, and an empty registry with it.
  func remove(_ run: RunIdentifier, folder: String) {
    guard self.folder(of: run) == folder else { return }
    unlink(file(run))
    rmdir(path)
  }

  private var names: [String] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return all.filter { RunIdentifier($0) != nil }
  }

  /// Takes away the notes of launchers that were killed: nobody listens at their sockets.
  private func removeStale() {
    guard isPrivate else { return }
    for run in names.compactMap(RunIdentifier.init) {
      guard let folder = folder(of: run), ControlClient.isAnswered(in: folder) else {
        unlink(file(run))
        continue
      }
    }
    rmdir(path)
  }

  /// A folder of this user that nobody else may change: what it holds is believed.
  private var isPrivate: Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
      && status.st_mode & 0o022 == 0
  }

  private func file(_ run: RunIdentifier) -> String { "\(path)/\(run.text)" }
}

/// The note of one run, for as long as the object lives.
final class RunRegistration {
  private let run: RunIdentifier
  private let folder: String
  private let registry: RunRegistry?

  init(_ run: RunIdentifier, folder: String, environment: [String: String]) {
    self.run = run
    let folder = folder.hasPrefix("/") ? folder : FileManager.default.currentDirectoryPath + "/" + folder
    self.folder = folder
    registry = RunRegistry.all(environment).first { $0.add(run, folder: folder) }
  }

  deinit { registry?.remove(run, folder: folder) }
}
