import Glibc
public import SystemPackage

/// Making folders, and asking whether one could.
public enum Folders {
  /// Why nothing can be computed here, as a sentence; nil where the working folder is there.
  ///
  /// The maths library finds none of its parts where it is not.
  package static var workingFolderFault: String? {
    guard let path = getcwd(nil, 0) else {
      return
        "the working folder cannot be found (\(errorText(errno))): likely it was removed or moved. Go to one that is there: cd"
    }
    free(path)
    return nil
  }

  /// Makes a folder and those above it; false with `errno` where one cannot be made.
  public static func make(_ path: String) -> Bool { make(FilePath(path)) }

  /// Likewise where a name is bytes and no text.
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

  /// Whether a folder can be written to, or could be made; false with `errno` where not. Nothing is made.
  public static func canWrite(_ path: String) -> Bool {
    var status = stat()
    if stat(path, &status) == 0 { return isFolder(path) && access(path, W_OK | X_OK) == 0 }
    guard errno == ENOENT else { return false }
    let parent = parent(of: path)
    return parent != path && canWrite(parent)
  }

  /// False with ENOTDIR for anything else.
  public static func isFolder(_ path: String) -> Bool { isFolder(FilePath(path)) }

  /// False with ENOTDIR for anything else.
  public static func isFolder(_ path: FilePath) -> Bool {
    var status = stat()
    if path.withPlatformString({ stat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFDIR { return true }
    errno = ENOTDIR
    return false
  }

  /// The link to nothing by which a path leads, and where that points; nil where there is none.
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

  /// Whether a folder's names can be read; false with `errno` where not.
  public static func isReadable(_ path: String) -> Bool { isFolder(path) && access(path, R_OK | X_OK) == 0 }

  /// What a folder holds, in no order; nothing where it cannot be read.
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

  /// The same place without `..`, by where links lead now: what a path goes through before it may be gone later.
  ///
  /// By the names alone where nothing is there any more.
  public static func withoutParents(_ path: String) -> String {
    let names = path.split(separator: "/", omittingEmptySubsequences: false)
    guard let last = names.lastIndex(of: "..") else { return path }
    guard let head = realpath(names[...last].joined(separator: "/"), nil) else {
      return FilePath(path).lexicallyNormalized().string
    }
    defer { free(head) }
    return FilePath(String(cString: head)).appending(names[(last + 1)...].joined(separator: "/")).string
  }

  /// The folder in which a path lies, `.` for a bare name.
  public static func parent(of path: String) -> String {
    let trimmed = path.last == "/" && path.count > 1 ? String(path.dropLast()) : path
    guard let slash = trimmed.lastIndex(of: "/") else { return "." }
    return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
  }
}

/// A path with the home folder in the place of `~` or `~USER` at its start, as a shell would have it.
///
/// A shell replaces a word's first `~` only: `--data-path=~/images` comes as it was typed, and so does what stands in a
/// file of values. Where there is no such home folder the path stays as it is.
public func withHomeFolder(_ path: String) -> String {
  guard path.hasPrefix("~") else { return path }
  let name = path.prefix { $0 != "/" }
  guard let home = homeFolder(of: String(name.dropFirst())) else { return path }
  return home + path.dropFirst(name.count)
}

/// Of this user where no name is given.
private func homeFolder(of user: String) -> String? {
  if user.isEmpty, let home = getenv("HOME") { return String(cString: home) }
  let entry = user.isEmpty ? getpwuid(getuid()) : getpwnam(user)
  return entry?.pointee.pw_dir.map { String(cString: $0) }
}
