import Glibc

/// The room of a file system, in bytes.
package struct FileSystemSpace: Equatable, Sendable {
  package let size: Int
  /// What this user may still write.
  package let free: Int
  /// Files that may still be made; nil where nobody counts them.
  package let files: Int?

  /// Of the one that a path lies in, or will lie in; nil where nobody can say.
  package init?(around path: String) {
    var status = statvfs()
    var place = path
    while statvfs(place, &status) != 0 {
      guard errno == ENOENT, place != "/", place != "." else { return nil }
      place = Folders.parent(of: place)
    }
    func bytes(_ blocks: fsblkcnt_t) -> Int {
      let (bytes, tooMany) = Int(clamping: blocks).multipliedReportingOverflow(
        by: Int(clamping: status.f_frsize))
      return tooMany ? .max : bytes
    }
    (size, free) = (bytes(status.f_blocks), bytes(status.f_bavail))
    files = status.f_files > 0 ? Int(clamping: status.f_favail) : nil
  }
}
