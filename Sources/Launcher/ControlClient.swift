import FoundationEssentials
import Glibc
import Recipe

/// Asks the launcher of a run.
enum ControlClient {
  /// The longest wait for an answer.
  static let patience = Duration.seconds(5)

  /// Sends one request to the launcher whose run has this folder.
  static func ask(_ request: ControlRequest, folder: String) throws -> ControlAnswer {
    let connection = try UnixAddress.socket()
    guard connect(connection, to: folder) else {
      throw unreachable(folder, errno: errno)
    }
    let line = Array(try controlLine(request).utf8)
    guard send(connection.number, line, line.count, CInt(MSG_NOSIGNAL)) == line.count else {
      throw closed(folder)
    }
    return try controlMessage(ControlAnswer.self, try readLine(connection, folder))
  }

  /// Whether a launcher listens there.
  static func isAnswered(in folder: String) -> Bool {
    guard let connection = try? UnixAddress.socket() else { return true }
    // A queue that is full (EAGAIN) has somebody in front of it.
    return connect(connection, to: folder) || errno == EAGAIN
  }

  private static func connect(_ socket: borrowing Descriptor, to folder: String) -> Bool {
    let number = socket.number
    let parent = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard parent >= 0 else { return false }
    defer { close(parent) }
    // A way to the folder that is short whatever its name.
    let path = pointer(in: folder) ?? "/proc/self/fd/\(parent)/\(ControlSocket.name)"
    guard let address = UnixAddress(path) else { return false }
    return address.withPointer { Glibc.connect(number, $0, $1) } == 0
  }

  /// The path of a socket that lies elsewhere.
  private static func pointer(in folder: String) -> String? {
    let path = "\(folder)/\(ControlSocket.name)"
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size < 200 else {
      return nil
    }
    return FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  private static func readLine(_ connection: borrowing Descriptor, _ folder: String) throws -> [UInt8] {
    let deadline = ContinuousClock.now + patience
    var line: [UInt8] = []
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    while line.last != newline {
      var entry = pollfd(fd: connection.number, events: Int16(POLLIN), revents: 0)
      let rest = max(.zero, deadline - .now) / .milliseconds(1)
      guard poll(&entry, 1, CInt(rest.rounded(.up))) > 0 else { throw silent(folder) }
      let count = recv(connection.number, &bytes, bytes.count, 0)
      guard count > 0 else { throw closed(folder) }
      line += bytes.prefix(count)
    }
    return line
  }

  /// Why nobody can be asked there.
  static func unreachable(_ folder: String, errno: CInt) -> LaunchError {
    if errno == EACCES || errno == EPERM {
      return LaunchError(
        "cannot ask the launcher in \(folder): \(errorText(errno)). The run is another user's, who alone may ask it, "
          + "and root; use sudo -u with that user's name.", exitCode: .missingInput)
    }
    return LaunchError(
      "no launcher answers in \(folder): \(errorText(errno)). The run has ended, or its launcher was killed; "
        + "the same training command with --resume auto goes on.", exitCode: .missingInput)
  }

  private static func closed(_ folder: String) -> LaunchError {
    LaunchError(
      "the launcher in \(folder) hung up without an answer. Likely the run ends just now, or too many ask at once: "
        + "ask again.", exitCode: .inputOutput)
  }

  private static func silent(_ folder: String) -> LaunchError {
    LaunchError(
      "the launcher in \(folder) did not answer within \(patience.components.seconds) s. "
        + "Likely it is stopped itself: `ps -o pid,state -C twins-launch` shows a T then.",
      exitCode: .inputOutput)
  }
}
