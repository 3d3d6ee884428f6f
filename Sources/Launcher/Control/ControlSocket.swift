import FoundationEssentials
import Glibc
import Recipe
import RunControl
import System
import WorkerLink

/// The socket `control` in a run's folder, where the launcher listens.
///
/// Where the folder's file system has no sockets, the socket lies in a private folder elsewhere, and `control` is a file
/// that holds its path.
struct ControlSocket: ~Copyable {
  let listener: Descriptor
  private let path: String
  private let sockets: SocketFolder?

  /// Clients that wait to be let in; beyond this they wait inside connect(2).
  private static let queueLength: CInt = 128

  /// Listens; the caller holds the lock of `folder`, so whatever lies there is a dead launcher's.
  init(in folder: String, environment: [String: String]) throws(LaunchError) {
    let listener = try UnixAddress.socket()
    // The file gets these permissions, so that there is no moment at which others could open it.
    fchmod(listener.number, 0o600)
    let path = "\(folder)/\(RunLayout.control)"
    unlink(path)
    let isHere = Self.listen(listener.number, in: folder) == 0
    sockets = isHere ? nil : try Self.listen(listener.number, pointedAtFrom: path, environment)
    self.path = path
    self.listener = listener
  }

  deinit { unlink(path) }

  /// Binds the socket in a folder and listens; the errno, 0 where it worked.
  private static func listen(_ socket: CInt, in folder: String) -> CInt {
    guard let parent = Descriptor(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) else { return errno }
    // A socket's path is short; this one is, whatever the folder's.
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
