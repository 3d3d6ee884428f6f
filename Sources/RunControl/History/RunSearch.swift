import Glibc
import System
import WorkerLink

/// Finds the runs below a folder, the nearest first, in bounded time: folders of images and programs may be
/// huge.
package struct RunSearch {
  /// The runs found.
  package private(set) var folders: [RunFolder] = []
  /// The launchers' folders of hosts whose runs are kept elsewhere.
  package private(set) var parts: [(folder: String, note: HostNote)] = []
  /// Whether there were more folders than the limit.
  package private(set) var isCut = false

  /// The most levels that are searched.
  package static let depth = 4
  /// The most folders that are searched.
  package static let mostFolders = 2000
  /// The most names examined in a folder; one with more is full of images.
  static let mostNames = 1000

  package init(below root: String) {
    var level = [root]
    var looked = 0
    for depth in 0...Self.depth where !level.isEmpty {
      var next: [String] = []
      for path in level {
        guard looked < Self.mostFolders else {
          isCut = true
          return
        }
        looked += 1
        let run = Self.run(in: path)
        if let run { folders.append(run) } else { HostNote(in: path).map { parts.append((path, $0)) } }
        // A user's own program may leave other files beside its launcher's folder, and a run in the start
        // folder may have others below it.
        if run?.output == nil || depth == 0, depth < Self.depth {
          next += subfolders(of: path).filter { $0 != run?.launcher }
        }
      }
      level = next
    }
  }

  /// A run of this project: any program may write a `log.txt`.
  private static func run(in path: String) -> RunFolder? {
    guard let run = RunFolder(path), run.launcher != nil || run.hasRecipe else { return nil }
    return run
  }

  /// The subfolders that are neither links nor hidden, in alphabetical order.
  private mutating func subfolders(of path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    for _ in 0..<Self.mostNames {
      guard let entry = readdir(folder) else { break }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard !name.hasPrefix(".") else { continue }
      let inner = path == "." ? name : path == "/" ? "/\(name)" : "\(path)/\(name)"
      if Self.isFolder(inner, entry.pointee.d_type) { names.append(inner) }
    }
    return names.sorted()
  }

  private static func isFolder(_ path: String, _ type: UInt8) -> Bool {
    if Int(type) != DT_UNKNOWN { return Int(type) == DT_DIR }
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
