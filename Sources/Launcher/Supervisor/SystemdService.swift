import Glibc
import RunControl
import System

/// The connection to systemd; does nothing where the launcher is no service.
struct SystemdService: ~Copyable {
  private var notifier: SystemdSocket?
  private var report: SystemdReport

  /// Connects to systemd, where these variables show that it started the launcher.
  init(environment: [String: String], isTraining: Bool) {
    notifier = SystemdSocket(environment: environment)
    report = SystemdReport(
      watchdog: Self.watchdog(environment, process: getpid()), waitsForStep: isTraining)
  }

  /// When to notify it next.
  var deadline: Duration? { notifier == nil ? nil : report.deadline }

  /// Whether systemd listens; otherwise the caller can spare itself computing the state.
  var isHeard: Bool { notifier != nil }

  mutating func tell(_ state: SystemdReport.State, at now: Duration) {
    send(report.messages(state, at: now))
  }

  mutating func end(_ reason: String, errno: CInt?, succeeded: Bool) {
    send(report.lastMessages(reason, errno: errno, succeeded: succeeded))
  }

  private mutating func send(_ messages: [String]) {
    if !messages.isEmpty { notifier?.send(messages) }
  }

  /// The watchdog interval that systemd expects of the process of that number.
  static func watchdog(_ environment: [String: String], process: pid_t) -> Duration? {
    guard let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0 else {
      return nil
    }
    // A shell in between may pass the variables on to a process for which they are not meant.
    if let named = environment["WATCHDOG_PID"], named != "\(process)" { return nil }
    return .microseconds(microseconds)
  }
}

/// Notifies systemd as `sd_notify(3)` describes: by datagrams to the socket that $NOTIFY_SOCKET names.
struct SystemdSocket: ~Copyable {
  /// The variables that systemd sets for the service itself; a worker that inherited them could speak for the
  /// launcher.
  static let variables: Set = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]

  private let socket: Descriptor
  private var address: sockaddr_un
  private let length: socklen_t

  /// Nil where $NOTIFY_SOCKET is not set or names no socket; the training runs without it.
  init?(environment: [String: String]) {
    guard let name = environment["NOTIFY_SOCKET"], let first = name.first, "/@".contains(first) else {
      return nil
    }
    let bytes = Array(name.utf8)
    var address = sockaddr_un()
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) {
      $0.copyBytes(from: bytes)
      // '@' stands for the null byte of an abstract socket's name.
      if first == "@" { $0[0] = 0 }
    }
    let kind = CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    guard let socket = try? Descriptor(Glibc.socket(AF_UNIX, kind, 0), from: "socket") else { return nil }
    self.socket = socket
    self.address = address
    length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
  }

  /// Sends assignments as one message; one that does not fit now is dropped, since the next one supersedes
  /// it.
  mutating func send(_ assignments: [String]) {
    var text = assignments.map { $0.filter { $0 != "\n" } }.joined(separator: "\n")
    let (socket, length) = (socket.number, length)
    text.withUTF8 { bytes in
      withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          _ = sendto(socket, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL), $0, length)
        }
      }
    }
  }
}
