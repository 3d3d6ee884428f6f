import CLinux
import Glibc

/// The system calls by which files and folders are written, each a place where a test can let the disk fail.
struct Disk: Sendable {
  /// Asked before each operation; an errno in answer stands for the operation's failure.
  var fault: @Sendable (_ operation: String, _ path: String) -> CInt? = { _, _ in nil }

  /// Performs one operation, again after an interruption; `body` is a system call that fails with -1 and errno.
  @discardableResult
  func perform(_ operation: String, _ path: String, _ body: () -> Int) throws(CheckpointError) -> Int {
    if let errno = fault(operation, path) {
      throw CheckpointError.system(operation: operation, path: path, errno: errno)
    }
    while true {
      let result = body()
      if result >= 0 { return result }
      guard errno == EINTR else {
        throw CheckpointError.system(operation: operation, path: path, errno: errno)
      }
    }
  }

  /// Makes a folder; one that is there already will do where `mayExist`.
  func makeFolder(_ path: String, mayExist: Bool = false) throws(CheckpointError) {
    try perform("make", path) {
      let result = Int(mkdir(path, 0o755))
      return mayExist && result < 0 && errno == EEXIST ? 0 : result
    }
  }

  func rename(_ source: String, to target: String) throws(CheckpointError) {
    try perform("rename", target) { Int(Glibc.rename(source, target)) }
  }

  /// Puts a folder in the place of another, whose content is then found under the first one's name.
  func exchange(_ folder: String, with other: String) throws(CheckpointError) {
    try perform("replace", other) { Int(linux_exchange(folder, other)) }
  }

  /// Makes names that were created, renamed or removed in a folder survive a loss of power.
  func syncFolder(_ path: String) throws(CheckpointError) {
    let descriptor = try open(path, O_RDONLY | O_DIRECTORY)
    defer { close(descriptor) }
    // EINVAL: some network file systems cannot sync a folder, and need not.
    try perform("sync", path) { fsync(descriptor) == 0 || errno == EINVAL ? 0 : -1 }
  }

  func open(_ path: String, _ flags: CInt) throws(CheckpointError) -> CInt {
    CInt(try perform("open", path) { Int(Glibc.open(path, flags | O_CLOEXEC, 0o644)) })
  }
}

extension Disk {
  /// Removes a file, or a folder with the files in it; of a symbolic link, the link.
  func remove(_ path: String) throws(CheckpointError) {
    for file in isFolder(path) ? names(in: path) : [] {
      try perform("remove", "\(path)/\(file)") { Int(unlink("\(path)/\(file)")) }
    }
    try perform("remove", path) { Int(Glibc.remove(path)) }
  }

  private func isFolder(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The names in a folder, sorted; none where it is not a folder or cannot be read.
  func names(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
