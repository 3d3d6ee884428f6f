import CLinux
import Glibc
import System

/// The system calls that write files and folders; tests can make each of them fail.
struct FileSystem: Sendable {
  /// The kind of call; the text is the verb of its error message.
  enum Operation: String {
    case open, create, make, write, sync, link, rename, replace, remove
  }

  /// A system call about to be made.
  struct Call {
    let operation: Operation
    let path: String
    /// The source of a rename to `path`.
    var source: String?
    /// The size of a write, in bytes.
    var byteCount = 0
  }

  /// The fate of a call.
  enum Answer {
    case proceed
    /// The call fails with this errno and does nothing.
    case fail(CInt)
    /// A write accepts only this many bytes, as the kernel may do at any time.
    case shorten(to: Int)
  }

  /// Decides the fate of each call; tests replace it.
  var answer: @Sendable (Call) -> Answer = { _ in .proceed }

  /// Makes one call and retries it after an interruption; `body` returns -1 and sets errno on failure, and
  /// receives the number of bytes to write.
  @discardableResult
  private func perform(_ call: Call, _ body: (_ byteCount: Int) -> Int) throws(CheckpointError) -> Int {
    var byteCount = call.byteCount
    switch answer(call) {
    case .proceed: break
    case .fail(let errno): throw failure(of: call, errno)
    case .shorten(let limit): byteCount = min(byteCount, limit)
    }
    while true {
      let result = body(byteCount)
      if result >= 0 { return result }
      guard errno == EINTR else { throw failure(of: call, errno) }
    }
  }

  private func failure(of call: Call, _ errno: CInt) -> CheckpointError {
    .system(operation: call.operation.rawValue, path: call.path, errno: errno)
  }

  /// Opens a file for reading, or for another operation.
  func open(_ path: String, _ flags: CInt, for operation: Operation = .open) throws(CheckpointError)
    -> Descriptor
  {
    let number = try perform(Call(operation: operation, path: path)) { _ in
      Int(Glibc.open(path, flags | O_CLOEXEC, 0o666))
    }
    return Descriptor(owning: CInt(number))
  }

  /// Writes some of the bytes; returns how many.
  func write(_ bytes: UnsafeRawBufferPointer, to file: borrowing Descriptor, path: String)
    throws(CheckpointError)
    -> Int
  {
    let number = file.number
    return try perform(Call(operation: .write, path: path, byteCount: bytes.count)) {
      Glibc.write(number, bytes.baseAddress, $0)
    }
  }

  /// Returns when a file's bytes are on the disk.
  func sync(_ file: borrowing Descriptor, path: String) throws(CheckpointError) {
    let number = file.number
    try perform(Call(operation: .sync, path: path)) { _ in Int(fsync(number)) }
  }

  /// Makes a hard link to a file.
  func link(_ source: String, as target: String) throws(CheckpointError) {
    try perform(Call(operation: .link, path: target, source: source)) { _ in
      Int(Glibc.link(source, target))
    }
  }

  func rename(_ source: String, to target: String) throws(CheckpointError) {
    try perform(Call(operation: .rename, path: target, source: source)) { _ in
      Int(Glibc.rename(source, target))
    }
  }

  /// Swaps two folders.
  func exchange(_ folder: String, with other: String) throws(CheckpointError) {
    try perform(Call(operation: .replace, path: other, source: folder)) { _ in
      Int(linux_exchange(folder, other))
    }
  }

  /// Makes a folder; `mayExist` accepts an existing one.
  func makeFolder(_ path: String, mayExist: Bool = false) throws(CheckpointError) {
    try perform(Call(operation: .make, path: path)) { _ in
      let result = Int(mkdir(path, 0o777))
      return mayExist && result < 0 && errno == EEXIST ? 0 : result
    }
  }

  /// Makes a folder and its missing parents.
  func makeFolders(_ path: String) throws(CheckpointError) {
    do throws(CheckpointError) {
      try makeFolder(path, mayExist: true)
    } catch .system(_, _, ENOENT) {
      try makeFolders(Self.split(path).folder)
      try makeFolder(path, mayExist: true)
    }
  }

  /// Makes names created, renamed or removed in a folder durable.
  func syncFolder(_ path: String) throws(CheckpointError) {
    let folder = try open(path, O_RDONLY | O_DIRECTORY, for: .sync)
    try perform(Call(operation: .sync, path: path)) { _ in
      // EINVAL: some network file systems cannot sync a folder, and need not.
      fsync(folder.number) == 0 || errno == EINVAL ? 0 : -1
    }
  }

  /// Removes a file or a symbolic link, or a folder with the files in it.
  func remove(_ path: String) throws(CheckpointError) {
    for file in isFolder(path) ? names(in: path) : [] { try removeOne("\(path)/\(file)") }
    try removeOne(path)
  }

  /// Removes a file, or a link to one.
  func removeFile(_ path: String) throws(CheckpointError) {
    try perform(Call(operation: .remove, path: path)) { _ in Int(unlink(path)) }
  }

  private func removeOne(_ path: String) throws(CheckpointError) {
    try perform(Call(operation: .remove, path: path)) { _ in Int(Glibc.remove(path)) }
  }

  private func isFolder(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Drops a flushed file's pages from the kernel's cache, so that the next read comes from the disk.
  func forget(_ path: String) {
    guard let file = try? open(path, O_RDONLY) else { return }
    posix_fadvise(file.number, 0, 0, POSIX_FADV_DONTNEED)
  }

  func exists(_ path: String) -> Bool {
    access(path, F_OK) == 0
  }

  /// The names in a folder, sorted; empty if it is no folder or cannot be read.
  func names(in folder: String) -> [String] { (try? listing(of: folder)) ?? [] }

  /// The names in a folder, sorted; empty if nothing exists at its path, not even a link.
  func listing(of folder: String) throws(CheckpointError) -> [String] {
    guard let stream = opendir(folder) else {
      let failure = errno
      var status = stat()
      if failure == ENOENT, lstat(folder, &status) != 0, errno == ENOENT { return [] }
      throw .system(operation: "list", path: folder, errno: failure)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    guard errno == 0 else { throw .system(operation: "list", path: folder, errno: errno) }
    return names.sorted()
  }

  /// The folder and the name in a path.
  static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let folder = slash == path.startIndex ? "/" : String(path[..<slash])
    return (folder, String(path[path.index(after: slash)...]))
  }
}
