import FoundationEssentials
import Glibc
import Recipe
import System
import WorkerLink

/// Sends requests to the launcher of a run.
package enum ControlClient {
  /// The longest wait for an answer.
  package static let patience = Duration.seconds(5)

  /// Sends one request to the launcher with this folder.
  package static func ask(_ request: ControlRequest, folder: String, patience: Duration = patience) throws
    -> ControlAnswer
  {
    let deadline = ContinuousClock.now + patience
    let lastTry = ContinuousClock.now + min(.seconds(1), patience)
    let line = Array(try controlLine(request).utf8)
    while true {
      if let answer = try exchange(line, folder, until: deadline) {
        return try controlMessage(ControlAnswer.self, answer)
      }
      // The launcher drops the oldest connection when too many ask at once. Asking for the status again is
      // harmless.
      guard request.command == .status, .now < lastTry else { throw closed(folder) }
      usleep(10_000)
    }
  }

  /// The answer to one line; nil if the launcher closes the connection without one.
  private static func exchange(
    _ line: [UInt8], _ folder: String, until deadline: ContinuousClock.Instant
  ) throws -> [UInt8]? {
    let connection = try UnixAddress.socket()
    let failure = connect(connection, to: folder, until: deadline)
    guard failure != EAGAIN else { throw silent(folder) }
    guard failure == 0 else { throw unreachable(folder, errno: failure) }
    guard send(connection.number, line, line.count, CInt(MSG_NOSIGNAL)) == line.count else { return nil }
    return try readLine(connection, folder, until: deadline)
  }

  /// Whether a launcher listens there.
  package static func isAnswered(in folder: String) -> Bool {
    guard let connection = try? UnixAddress.socket() else { return true }
    // A full queue (EAGAIN) also means that a launcher listens.
    return [0, EAGAIN].contains(connect(connection, to: folder, until: .now))
  }

  /// Connects; returns the errno: 0 on success, EAGAIN if the launcher's queue stayed full.
  private static func connect(
    _ socket: borrowing Descriptor, to folder: String, until deadline: ContinuousClock.Instant
  ) -> CInt {
    let number = socket.number
    guard let parent = Descriptor(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) else { return errno }
    let address = pointer(in: folder).map { UnixAddress($0) } ?? UnixAddress(through: parent.number)
    guard let address else { return ENAMETOOLONG }
    socket.waitForPlace(until: deadline)
    return address.withPointer { Glibc.connect(number, $0, $1) } == 0 ? 0 : errno
  }

  /// The path of a socket that lies elsewhere.
  private static func pointer(in folder: String) -> String? {
    let path = "\(folder)/\(RunLayout.control)"
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size < 200 else {
      return nil
    }
    return FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Far more than the status of thousands of ranks, in bytes.
  private static let longestAnswer = 64 << 20

  private static func readLine(
    _ connection: borrowing Descriptor, _ folder: String, until deadline: ContinuousClock.Instant
  ) throws -> [UInt8]? {
    var line: [UInt8] = []
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    while line.last != newline {
      var entry = pollfd(fd: connection.number, events: Int16(POLLIN), revents: 0)
      let rest = (deadline - .now) / .milliseconds(1)
      guard rest > 0, line.count < longestAnswer else { throw silent(folder) }
      let isReady = poll(&entry, 1, CInt(rest.rounded(.up)))
      if isReady < 0, errno == EINTR { continue }
      guard isReady > 0 else { throw silent(folder) }
      let count = recv(connection.number, &bytes, bytes.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return nil }
      line += bytes.prefix(count)
    }
    return line
  }

  /// Why no launcher can be reached there.
  package static func unreachable(_ folder: String, errno: CInt) -> LaunchError {
    if errno == EACCES || errno == EPERM {
      return LaunchError(
        "cannot ask the launcher in \(folder): \(errorText(errno)). The run is another user's, who alone may ask it, "
          + "and root; use sudo -u with that user's name.", exitStatus: .missingInput)
    }
    return LaunchError(
      "no launcher answers in \(folder): \(errorText(errno)). The run has ended, or its launcher was killed"
        + (LaunchRecord(in: folder) == nil ? "." : "; the same training command with --resume auto goes on."),
      exitStatus: .missingInput)
  }

  private static func closed(_ folder: String) -> LaunchError {
    LaunchError(
      "the launcher in \(folder) hung up without an answer. Likely the run ends just now, or too many ask at once: "
        + "ask again.", exitStatus: .inputOutput)
  }

  private static func silent(_ folder: String) -> LaunchError {
    LaunchError(
      "the launcher in \(folder) did not answer within \(patience.components.seconds) s. "
        + "Likely it is stopped itself: `ps -o pid,state -C twins-launch` shows a T then.",
      exitStatus: .inputOutput)
  }
}

extension Descriptor {
  /// Makes connect(2) wait for a place in a full queue, until the deadline.
  fileprivate func waitForPlace(until deadline: ContinuousClock.Instant) {
    let rest = deadline - .now
    guard rest > .zero else { return }
    let microseconds = Int(rest / .microseconds(1))
    var limit = timeval(tv_sec: microseconds / 1_000_000, tv_usec: microseconds % 1_000_000)
    setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) & ~O_NONBLOCK)
  }
}
