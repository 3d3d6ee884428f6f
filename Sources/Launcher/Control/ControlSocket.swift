import FoundationEssentials
import Glibc
import Recipe
import System

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

  static let name = "control"

  /// Listens; the caller holds the lock of `folder`, so whatever lies there is a dead launcher's.
  init(in folder: String, environment: [String: String]) throws(LaunchError) {
    let listener = try UnixAddress.socket()
    // The file gets these permissions, so that there is no moment at which others could open it.
    fchmod(listener.number, 0o600)
    let path = "\(folder)/\(Self.name)"
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
      atPath: path, contents: Data("\(sockets.path)/\(name)".utf8), attributes: [.posixPermissions: 0o600])
    guard isWritten else { throw refusal(path, "nor can a file be written there") }
    return sockets
  }

  private static func refusal(_ path: String, _ reason: String) -> LaunchError {
    LaunchError(
      "cannot make the socket \(path): \(reason). Choose another --run-dir.", exitStatus: .inputOutput)
  }
}

/// The address of a Unix-domain socket.
struct UnixAddress {
  private var value = sockaddr_un()

  /// A path may have this many bytes.
  static let longestPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

  /// Nil where the path is too long.
  init?(_ path: String) {
    let bytes = Array(path.utf8)
    guard bytes.count <= Self.longestPath else { return nil }
    value.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &value.sun_path) { $0.copyBytes(from: bytes) }
  }

  /// The control socket in an open folder: a short way to it, whatever the folder's name.
  init?(through folder: CInt) {
    self.init("/proc/self/fd/\(folder)/\(ControlSocket.name)")
  }

  /// Lends the address as the socket calls want it.
  func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafePointer(to: value) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  /// A socket of this kind; does not survive an exec.
  static func socket() throws(LaunchError) -> Descriptor {
    let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
    return try Descriptor(Glibc.socket(AF_UNIX, kind, 0), from: "socket")
  }
}

/// What somebody asks of a running launcher: one line of JSON.
struct ControlRequest: Codable, Equatable, Sendable {
  let command: Command
  /// With `stop`: at once, whatever is lost.
  var now: Bool?

  enum Command: String, Codable, Sendable {
    case status
    case stop
    case checkpoint
  }
}

/// What the launcher answers: one line of JSON.
struct ControlAnswer: Codable, Equatable, Sendable {
  /// Why the request was refused.
  var error: String?
  /// The run as it was after the request.
  var status: RunStatus?
}

/// A message as one line of JSON, keys in snake case and sorted.
func controlLine(_ message: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(message), as: UTF8.self) + "\n"
}

/// Reads a line that `controlLine` wrote.
func controlMessage<Message: Decodable>(_ type: Message.Type, _ line: some Collection<UInt8>) throws
  -> Message
{
  let decoder = JSONDecoder()
  decoder.keyDecodingStrategy = .convertFromSnakeCase
  return try decoder.decode(type, from: Data(line))
}
