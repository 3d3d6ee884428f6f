import FoundationEssentials
import Glibc
import Recipe
import RunControl
import System
import WorkerLink

/// The socket `control` in a run's folder, on which the launcher listens.
///
/// Where the folder's file system supports no sockets, the socket is in a private folder elsewhere, and
/// `control` is a file with its path.
struct ControlSocket: ~Copyable {
  let listener: Descriptor
  private let path: String
  private let sockets: SocketFolder?

  /// The listen(2) backlog; further clients wait inside connect(2).
  private static let queueLength: CInt = 128

  /// Starts listening. The caller holds the lock of `folder`, so an existing socket belongs to a dead
  /// launcher.
  init(in folder: String, environment: [String: String]) throws(LaunchError) {
    let listener = try UnixAddress.socket()
    // The socket file inherits these permissions, so others can open it at no moment.
    fchmod(listener.number, 0o600)
    let path = "\(folder)/\(RunLayout.control)"
    unlink(path)
    let isHere = Self.listen(listener.number, in: folder) == 0
    sockets = isHere ? nil : try Self.listen(listener.number, pointedAtFrom: path, environment)
    self.path = path
    self.listener = listener
  }

  deinit { unlink(path) }

  /// Binds the socket in a folder and listens; returns the errno, 0 for success.
  private static func listen(_ socket: CInt, in folder: String) -> CInt {
    guard let parent = Descriptor(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) else { return errno }
    // A socket's path must be short; one through /proc/self/fd is, whatever the folder's.
    guard let address = UnixAddress(through: parent.number) else { return ENAMETOOLONG }
    guard address.withPointer({ bind(socket, $0, $1) }) == 0 else { return errno }
    return Glibc.listen(socket, queueLength) == 0 ? 0 : errno
  }

  private static func listen(
    _ socket: CInt, pointedAtFrom path: String, _ environment: [String: String]
  ) throws(LaunchError) -> SocketFolder {
    let sockets = try SocketFolder(environment: environment)
    let failure = listen(socket, in: sockets.path)
    guard failure == 0 else { throw refusal(path, errorText(failure)) }
    let isWritten = FileManager.default.createFile(
      atPath: path, contents: Data("\(sockets.path)/\(RunLayout.control)".utf8),
      attributes: [.posixPermissions: 0o600])
    guard isWritten else { throw refusal(path, "nor can a file be written there") }
    return sockets
  }

  private static func refusal(_ path: String, _ reason: String) -> LaunchError {
    LaunchError(
      "cannot make the socket \(path): \(reason). Choose another --run-dir.", exitStatus: .inputOutput)
  }
}
