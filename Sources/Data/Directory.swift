import Glibc

/// One folder's entries as the system lists them, hidden ones left out.
struct Directory {
  var folders: [String] = []
  var files: [String] = []

  /// Reads `path`; links are followed. Throws `unreadable` with the system's reason.
  init(_ path: String) throws(DataError) {
    guard let stream = opendir(path) else {
      throw .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = Self.name(of: entry)
      guard !name.hasPrefix(".") else { continue }
      if Self.isFolder(entry, at: "\(path)/\(name)") { folders.append(name) } else { files.append(name) }
    }
    // Byte order, which for UTF-8 is Python's order of code points. Swift's own order of strings is another one.
    folders.sort(by: Self.precedes)
    files.sort(by: Self.precedes)
  }

  static func precedes(_ a: String, _ b: String) -> Bool {
    a.utf8.lexicographicallyPrecedes(b.utf8)
  }

  /// Whether `path` is a folder or a link to one.
  static func exists(_ path: String) -> Bool {
    identity(path) != nil
  }

  /// What tells a folder from all others, whichever link leads to it; nil where there is no folder.
  static func identity(_ path: String) -> FolderIdentity? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
    return FolderIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }

  private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
    withUnsafePointer(to: &entry.pointee.d_name) { name in
      name.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
    }
  }

  // Most file systems say what an entry is; only for links and silent file systems is it worth a look at the file.
  private static func isFolder(_ entry: UnsafeMutablePointer<dirent>, at path: String) -> Bool {
    switch Int(entry.pointee.d_type) {
    case Int(DT_DIR): true
    case Int(DT_LNK), Int(DT_UNKNOWN): exists(path)
    default: false
    }
  }
}

/// A folder's device and inode.
struct FolderIdentity: Hashable {
  var device: UInt64
  var inode: UInt64
}
