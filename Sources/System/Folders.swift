import Glibc
public import SystemPackage

/// Makes and examines folders.
public enum Folders {
  /// Why nothing can be computed here, as a sentence; nil if the working folder exists.
  ///
  /// Without it, libtorch does not find its own files.
  package static var workingFolderFault: String? {
    guard let path = getcwd(nil, 0) else {
      return
        "the working folder cannot be found (\(errorText(errno))): likely it was removed or moved. Go to one that is there: cd"
    }
    free(path)
    return nil
  }

  /// Makes a folder and its parents; false with `errno` on failure.
  public static func make(_ path: String) -> Bool { make(FilePath(path)) }

  /// Does the same for names that are bytes.
  public static func make(_ path: FilePath) -> Bool {
    func isMade() -> Bool { path.withPlatformString { mkdir($0, 0o777) } == 0 }
    if isMade() { return true }
    switch errno {
    case EEXIST: return isFolder(path)
    case ENOENT:
      let parent = path.removingLastComponent()
      return !parent.isEmpty && parent != path && make(parent) && (isMade() || errno == EEXIST)
    default: return false
    }
  }

  /// Whether a folder is writable, or could be made; otherwise false with `errno`. Nothing is made.
  public static func canWrite(_ path: String) -> Bool {
    var status = stat()
    if stat(path, &status) == 0 { return isFolder(path) && access(path, W_OK | X_OK) == 0 }
    guard errno == ENOENT else { return false }
    let parent = parent(of: path)
    return parent != path && canWrite(parent)
  }

  /// Whether a path is a folder; false with ENOTDIR for anything else.
  public static func isFolder(_ path: String) -> Bool { isFolder(FilePath(path)) }

  /// Whether a path is a folder; false with ENOTDIR for anything else.
  public static func isFolder(_ path: FilePath) -> Bool {
    var status = stat()
    if path.withPlatformString({ stat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFDIR { return true }
    errno = ENOTDIR
    return false
  }

  /// The broken link on a path, and its target; nil if there is none.
  package static func deadLink(on path: String) -> (link: String, target: String)? {
    var status = stat()
    guard stat(path, &status) != 0 else { return nil }
    var target = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    if readlink(path, &target, target.count - 1) > 0 {
      return (path, String(decoding: target.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
    }
    let parent = parent(of: path)
    return parent == path || parent == "." ? nil : deadLink(on: parent)
  }

  /// Whether a folder can be listed; otherwise false with `errno`.
  public static func isReadable(_ path: String) -> Bool { isFolder(path) && access(path, R_OK | X_OK) == 0 }

  /// The names in a folder, unordered; empty if it cannot be read.
  public static func names(in path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// The same place without `..`, resolving links as they are now, since the folders that a path goes through
  /// may later be gone.
  ///
  /// By names alone if nothing exists there any more.
  public static func withoutParents(_ path: String) -> String {
    let names = path.split(separator: "/", omittingEmptySubsequences: false)
    guard let last = names.lastIndex(of: "..") else { return path }
    guard let head = realpath(names[...last].joined(separator: "/"), nil) else {
      return FilePath(path).lexicallyNormalized().string
    }
    defer { free(head) }
    return FilePath(String(cString: head)).appending(names[(last + 1)...].joined(separator: "/")).string
  }

  /// The folder that contains a path, `.` for a bare name.
  public static func parent(of path: String) -> String {
    let trimmed = path.last == "/" && path.count > 1 ? String(path.dropLast()) : path
    guard let slash = trimmed.lastIndex(of: "/") else { return "." }
    return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
  }
}

/// Replaces `~` or `~USER` at a path's start by the home folder, as a shell would.
///
/// A shell only replaces it at the start of a word: `--data-path=~/images` arrives as typed, and so do values
/// in files. If there is no such home folder, the path is unchanged.
public func withHomeFolder(_ path: String) -> String {
  guard path.hasPrefix("~") else { return path }
  let name = path.prefix { $0 != "/" }
  guard let home = homeFolder(of: String(name.dropFirst())) else { return path }
  return home + path.dropFirst(name.count)
}

/// This user's home folder if no name is given.
private func homeFolder(of user: String) -> String? {
  if user.isEmpty, let home = getenv("HOME") { return String(cString: home) }
  let entry = user.isEmpty ? getpwuid(getuid()) : getpwnam(user)
  return entry?.pointee.pw_dir.map { String(cString: $0) }
}
