import CLinux
import Glibc

/// The system calls by which files and folders are written, each a place where a test can let the disk fail.
struct Disk: Sendable {
  /// What a call does; the text is the verb of its error.
  enum Operation: String {
    case open, create, make, write, sync, link, rename, replace, remove
  }

  /// One system call that is about to be made.
  struct Call {
    let operation: Operation
    let path: String
    /// What a rename moves to `path`.
    var source: String?
    /// Bytes that a write is given.
    var byteCount = 0
  }

  /// What becomes of a call.
  enum Answer {
    case proceed
    /// It fails with this errno, and does nothing.
    case fail(CInt)
    /// A write takes only so many bytes, as the kernel may at any time.
    case shorten(to: Int)
  }

  /// Asked before each call.
  var answer: @Sendable (Call) -> Answer = { _ in .proceed }

  /// Makes one call, again after an interruption; `body` fails with -1 and errno, and is given the bytes it may write.
  @discardableResult
  func perform(_ call: Call, _ body: (_ byteCount: Int) -> Int) throws(CheckpointError) -> Int {
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
}

extension Disk {
  /// Opens what is to be read, or for what else it is opened.
  func open(_ path: String, _ flags: CInt, for operation: Operation = .open) throws(CheckpointError) -> CInt {
    CInt(
      try perform(Call(operation: operation, path: path)) { _ in
        Int(Glibc.open(path, flags | O_CLOEXEC, 0o644))
      })
  }

  /// Writes some of the bytes; gives how many.
  func write(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt, path: String) throws(CheckpointError)
    -> Int
  {
    try perform(Call(operation: .write, path: path, byteCount: bytes.count)) {
      Glibc.write(descriptor, bytes.baseAddress, $0)
    }
  }

  /// Returns when a file's bytes are on the disk.
  func sync(_ descriptor: CInt, path: String) throws(CheckpointError) {
    try perform(Call(operation: .sync, path: path)) { _ in Int(fsync(descriptor)) }
  }

  /// Gives a file a second name, under which it lives on when the first is removed.
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

  /// Puts a folder in the place of another, whose content is then found under the first one's name.
  func exchange(_ folder: String, with other: String) throws(CheckpointError) {
    try perform(Call(operation: .replace, path: other, source: folder)) { _ in
      Int(linux_exchange(folder, other))
    }
  }
}
