import CLinux
import Glibc
import RunControl
import System

/// Answers requests on the control socket between two waits of the supervisor; it never blocks.
///
/// Each client sends one line and gets one answer. A client that sends anything else, too much or nothing is
/// dropped: a line has at most `longestLine` bytes, an answer must fit into the socket's buffer at once, and
/// beyond `mostClients` connections the oldest is closed.
final class ControlServer {
  static let longestLine = 4096
  static let mostClients = 64

  private let socket: ControlSocket
  private let ready: ReadyQueue
  private let registration: RunRegistration?
  /// Why the run can be found only by its folder, as a sentence; nil where its name works too.
  var note: String? { registration?.obstacle }
  private var clients: [(number: UInt32, client: ControlClientEnd)] = []
  private var lastNumber: UInt32 = 0
  /// A descriptor that can be closed to make room for a client.
  private var spare = ControlServer.anything()

  /// The number of the listening socket in epoll's events.
  private static let listening: UInt32 = 0

  /// Starts listening, then registers the run's name, where one is given.
  init(
    run: RunIdentifier?, folder: String, environment: [String: String]
  ) throws(LaunchError) {
    socket = try ControlSocket(in: folder, environment: environment)
    ready = try ReadyQueue()
    registration = run.map { RunRegistration($0, folder: folder, environment: environment) }
    guard linux_watch_always(ready.descriptor.number, socket.listener.number, Self.listening) == 0 else {
      throw LaunchError(call: "epoll_ctl", errno: errno)
    }
  }

  /// Readable when there is something to do.
  var descriptor: CInt { ready.descriptor.number }

  /// Does what is possible without blocking; calls `answer` for each valid request.
  func serve(_ answer: (ControlRequest) -> ControlAnswer) {
    for number in ready.takeReady().map(UInt32.init) {
      if number == Self.listening {
        accept()
      } else if let index = clients.firstIndex(where: { $0.number == number }) {
        if !clients[index].client.advance(answer) { clients.remove(at: index) }
      }
    }
  }

  private func accept() {
    let number = Glibc.accept(socket.listener.number, nil, nil)
    guard number >= 0 else {
      if errno == EMFILE || errno == ENFILE { hangUp() }
      return
    }
    let client = ControlClientEnd(Descriptor(owning: number))
    guard client.isAllowed else { return }
    lastNumber = lastNumber == .max ? 1 : lastNumber + 1
    guard linux_watch_always(ready.descriptor.number, number, lastNumber) == 0 else { return }
    if clients.count == Self.mostClients { clients.removeFirst() }
    clients.append((lastNumber, client))
  }

  /// Accepts and closes the next client where no descriptor is left: while it waits, every epoll_wait would
  /// return at once.
  private func hangUp() {
    spare = nil
    _ = Descriptor(Glibc.accept(socket.listener.number, nil, nil))
    spare = Self.anything()
  }

  private static func anything() -> Descriptor? { Descriptor(open("/dev/null", O_RDONLY | O_CLOEXEC)) }
}

/// The launcher's end of one connection.
private final class ControlClientEnd {
  private let connection: Descriptor
  private var line: [UInt8] = []

  init(_ connection: consuming Descriptor) {
    connection.stopBlocking()
    _ = fcntl(connection.number, F_SETFD, FD_CLOEXEC)
    self.connection = connection
  }

  /// Whether the client is this user or root; nobody else may ask.
  var isAllowed: Bool {
    let user = linux_peer_user(connection.number)
    return user == 0 || user == Int64(geteuid())
  }

  /// Reads what has arrived; false when the connection is to be closed.
  func advance(_ answer: (ControlRequest) -> ControlAnswer) -> Bool {
    var bytes = [UInt8](repeating: 0, count: ControlServer.longestLine)
    let count = recv(connection.number, &bytes, bytes.count, CInt(MSG_DONTWAIT))
    if count < 0 { return errno == EAGAIN || errno == EINTR }
    line += bytes.prefix(count)
    if let end = line.firstIndex(of: newline) {
      send(reply(to: line[..<end], answer))
      return false
    }
    if line.count > ControlServer.longestLine {
      send(ControlAnswer(error: "a request has at most \(ControlServer.longestLine) bytes"))
      return false
    }
    return count > 0
  }

  private func reply(
    to line: ArraySlice<UInt8>, _ answer: (ControlRequest) -> ControlAnswer
  ) -> ControlAnswer {
    guard let request = try? controlMessage(ControlRequest.self, line) else {
      return ControlAnswer(
        error: #"not a request; one is {"command":"status"}, with stop or checkpoint as well"#)
    }
    return answer(request)
  }

  /// Whatever does not fit into the socket's buffer at once is lost; the client let it fill up.
  private func send(_ answer: ControlAnswer) {
    guard let text = try? controlLine(answer) else { return }
    let bytes = Array(text.utf8)
    _ = Glibc.send(
      connection.number, bytes, bytes.count, CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL))
  }
}
