import Collective
import FoundationEssentials
import Glibc
import Recipe
import RunControl
import System

/// A private folder with a short path for the sockets of one attempt; removed when this value is destroyed.
///
/// The ring needs it only until its ranks have met. Each attempt makes a new one, since a cleaner of /tmp may
/// have removed the last one meanwhile.
/// The owner holds a lock on the folder, which the kernel releases when the process ends. By that a later
/// launcher recognises, and removes, the folder of a run that was killed together with its launcher.
struct SocketFolder: ~Copyable {
  let path: String
  private let lock: Descriptor

  /// A socket's path may have 107 bytes; this leaves room for file names.
  static let longestParent = 60

  /// Makes the folder in the first of $RUNTIME_DIRECTORY, $TMPDIR and /tmp that is set, short enough and
  /// writable.
  ///
  /// systemd sets the first for a service. $XDG_RUNTIME_DIR would not do: it goes away when its user logs
  /// out, and a run started under nohup(1) does not. Cleaners of /tmp spare a folder that somebody holds
  /// locked.
  init(environment: [String: String]) throws(LaunchError) {
    let wished = ["RUNTIME_DIRECTORY", "TMPDIR"].compactMap { environment[$0] }
    try self.init(in: wished.first(where: Self.isUsable) ?? "/tmp")
  }

  /// Checks that such a folder can be made, and leaves nothing behind; throws where it cannot.
  static func require(environment: [String: String]) throws(LaunchError) {
    _ = try SocketFolder(environment: environment)
  }

  init(in parent: String) throws(LaunchError) {
    Self.removeAbandoned(in: parent)
    let path = try Self.makeFolder(in: parent)
    let lock = try Descriptor(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), from: "open \(path)")
    flock(lock.number, LOCK_EX | LOCK_NB)
    self.path = path
    self.lock = lock
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  private static func makeFolder(in parent: String) throws(LaunchError) -> String {
    var template = Array("\(parent)/\(namePrefix)XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      let failure = errno
      throw LaunchError(
        "cannot make a folder for sockets in \(parent): \(errorText(failure)). "
          + "Set TMPDIR to a writable folder with a short path.",
        exitStatus: .inputOutput)
    }
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private static func isUsable(_ parent: String) -> Bool {
    parent.hasPrefix("/") && parent.utf8.count <= longestParent && access(parent, W_OK | X_OK) == 0
  }
}

extension SocketFolder {
  private static let namePrefix = "twins-sockets-"

  /// Removes the folders of this user's runs whose launcher is gone.
  private static func removeAbandoned(in parent: String) {
    for name in entries(of: parent) where name.hasPrefix(namePrefix) {
      removeIfAbandoned("\(parent)/\(name)")
    }
  }

  /// Removes an abandoned folder with a ring's sockets; a folder that holds anything else is not one of ours.
  private static func removeIfAbandoned(_ path: String) {
    guard
      let folder = try? Descriptor(
        open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), from: "open")
    else { return }
    var status = stat()
    guard fstat(folder.number, &status) == 0, status.st_uid == geteuid(), isOld(status) else { return }
    guard flock(folder.number, LOCK_EX | LOCK_NB) == 0 else { return }
    for name in entries(of: path) where RingGroup.mayLeave(name) || isSocket("\(path)/\(name)") {
      unlink("\(path)/\(name)")
    }
    rmdir(path)
  }

  private static func entries(of folder: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  }

  private static func isSocket(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
  }

  /// A folder that is too new may belong to a launcher that has not locked it yet.
  private static func isOld(_ status: stat) -> Bool {
    time(nil) - status.st_mtim.tv_sec > 60
  }
}
