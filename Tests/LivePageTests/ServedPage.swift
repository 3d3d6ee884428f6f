import Glibc
import Synchronization
import System
import TestSupport
import Testing

@testable import LivePage
@testable import RunControl

/// A page that is served on a free port for as long as the value lives, of a run that a test changes.
final class ServedPage: Sendable {
  let port: Int
  let feed: RunFeed
  private let run: ChangingRun
  private let task: Task<Void, any Error>

  init(
    _ run: ChangingRun = ChangingRun(), token: String? = nil, patience: Duration = .seconds(20)
  ) async throws {
    self.run = run
    feed = try RunFeed(every: .milliseconds(5)) { run.reading }
    var responder = PageResponder(feed: feed, admission: Admission(token: token, names: []))
    responder.patience = patience
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    let address = try #require(PageAddress("127.0.0.1:0"))
    task = Task { [responder] in
      defer { continuation.finish() }
      try await PageServer.run(responder, at: address) { continuation.yield($0) }
    }
    var iterator = ports.makeAsyncIterator()
    port = try #require(await iterator.next())
  }

  deinit { task.cancel() }

  /// What comes back for a request; lines that are not given are those of a browser on this machine.
  func answer(_ target: String, method: String = "GET", host: String = "localhost", _ lines: String...) throws
    -> String
  {
    let client = try PageClient(port: port)
    let head = ["\(method) \(target) HTTP/1.1", "Host: \(host)", "Connection: close"] + lines
    client.send(head.joined(separator: "\r\n") + "\r\n\r\n")
    return client.read { _ in false }
  }

  /// Somebody who follows the run.
  func follower(_ target: String = "/events") throws -> PageClient {
    let client = try PageClient(port: port)
    client.send("GET \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return client
  }
}

/// A run that goes on, and whose loss a test sets.
final class ChangingRun: Sendable {
  private let loss = Mutex(2.0)
  private let moment = Mutex(2000.0)
  private let mistakes: [Mistake]
  private let growsBy: Int

  /// - Parameter growsBy: Bytes that are new at each look.
  init(mistakes: [Mistake] = [], growsBy: Int = 0) { (self.mistakes, self.growsBy) = (mistakes, growsBy) }

  func set(loss value: Double) { loss.withLock { $0 = value } }

  var reading: RunReading {
    let now = moment.withLock {
      $0 += 1
      return $0
    }
    var traces = RunTraces.trained(epochs: 2, of: 5, ending: nil)
    traces.isAlive = true
    var reading = RunReading(RunHistory(traces, host: "here"), at: now)
    let filler = growsBy > 0 ? ["\(now)" + String(repeating: "x", count: growsBy)] : nil
    reading.status = RunStatus(
      run: "r", attempt: 0, launcher: 1, state: .running, uptimeSeconds: 1, loss: loss.withLock { $0 },
      healthy: true,
      unread: filler, ranks: [])
    reading.mistakes = mistakes
    return reading
  }
}

/// A connection to the page.
final class PageClient {
  private let socket: Descriptor

  init(port: Int) throws {
    socket = Descriptor(owning: Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let number = socket.number
    let failed = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(failed == 0, "connect: \(errno)")
  }

  func send(_ text: String) {
    let bytes = Array(text.utf8)
    _ = Glibc.send(socket.number, bytes, bytes.count, CInt(MSG_NOSIGNAL))
  }

  /// Reads until the connection ends, what was read is enough, or a minute is over.
  func read(_ isEnough: (String) -> Bool) -> String {
    let end = ContinuousClock.now + .seconds(60)
    var text: [UInt8] = []
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    while !isEnough(String(decoding: text, as: UTF8.self)) {
      var entry = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, CInt(max(0, (end - .now) / .milliseconds(1)))) > 0 else { break }
      let count = recv(socket.number, &bytes, bytes.count, 0)
      guard count > 0 else { break }
      text += bytes.prefix(count)
    }
    return String(decoding: text, as: UTF8.self)
  }
}
