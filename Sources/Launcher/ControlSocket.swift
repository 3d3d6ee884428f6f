import FoundationEssentials
import Glibc
import Recipe

/// The socket `control` in a run's folder, where the launcher listens.
///
/// Where the folder's path is too long for a socket, or its file system has none, the socket lies in the private
/// folder of the ring's sockets, and `control` is a file that holds its path.
struct ControlSocket: ~Copyable {
  let listener: Descriptor
  private let paths: [String]

  static let name = "control"

  /// Listens; the caller holds the lock of `folder`, so whatever lies there is a dead launcher's.
  init(in folder: String, or sockets: String) throws(LaunchError) {
    let listener = try UnixAddress.socket()
    // The file gets these permissions, so that there is no moment at which others could open it.
    fchmod(listener.number, 0o600)
    paths = try Self.listen(listener.number, in: folder, or: sockets)
    self.listener = listener
  }

  deinit {
    for path in paths { unlink(path) }
  }

  /// Binds the socket to one of two places and listens; all files that this made.
  private static func listen(
    _ socket: CInt, in folder: String, or sockets: String
  ) throws(LaunchError) -> [String] {
    let (wished, other) = ("\(folder)/\(name)", "\(sockets)/\(name)")
    unlink(wished)
    if listen(socket, at: wished) { return [wished] }
    if listen(socket, at: other), write(other, to: wished) { return [wished, other] }
    let reason = errorText(errno)
    unlink(other)
    throw LaunchError(
      "cannot make the socket \(wished), nor \(other): \(reason). Choose another --run-dir.",
      exitCode: .inputOutput)
  }

  private static func listen(_ socket: CInt, at path: String) -> Bool {
    guard let address = UnixAddress(path) else { return false }
    return address.withPointer { bind(socket, $0, $1) } == 0 && Glibc.listen(socket, 16) == 0
  }

  private static func write(_ text: String, to path: String) -> Bool {
    FileManager.default.createFile(
      atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
  }
}
