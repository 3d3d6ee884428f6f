import Glibc

/// The free space of a file system.
package struct FileSystemSpace: Equatable, Sendable {
  package let size: Int
  /// Bytes that this user can still write.
  package let free: Int
  /// Files that can still be made; nil if the file system does not count them.
  package let files: Int?

  /// The file system that contains a path, or would; nil if unknown.
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
