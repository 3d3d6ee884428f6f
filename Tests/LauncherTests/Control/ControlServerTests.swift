import Foundation
import Glibc
import Synchronization
import System
import Testing
import TestSupport

@testable import Launcher
@testable import RunControl

/// The control socket by itself, with clients that mean no good.
@Suite struct ControlServerTests {
  @Test func `a request is answered, and the answer is whole`() throws {
    let place = try Place()
    let answer = try place.ask(#"{"command":"status"}"# + "\n")
    #expect(try controlMessage(ControlAnswer.self, answer).status == status(ranks: 2))
    #expect(place.requests == [ControlRequest(command: .status)])
    #expect(place.isIdle)
  }

  @Test func `a request may come in pieces`() throws {
    let place = try Place()
    let client = try place.connect()
    try client.send(#"{"comm"#)
    place.serve()
    try client.send(#"and":"stop","now":true}"# + "\n")
    #expect(try !place.read(client).isEmpty)
    #expect(client.isClosed, "one answer to one line")
    #expect(place.requests == [ControlRequest(command: .stop, now: true)])
  }

  @Test(arguments: ["garbage\n", "\n", "{}\n", #"{"command":"format"}"# + "\n", "\u{0}\u{1}\n", "[[[[\n"])
  func `nonsense is answered with an error and changes nothing`(line: String) throws {
    let place = try Place()
    #expect(try controlMessage(ControlAnswer.self, place.ask(line)).error != nil)
    #expect(place.requests.isEmpty)
  }

  @Test func `a line of ten megabytes is cut off early`() throws {
    let place = try Place()
    let client = try place.connect()
    // Less than one read takes, so that nothing waits in the socket.
    let piece = String(repeating: "x", count: 4000)
    var sent = 0
    while sent < 10_000_000, client.trySend(piece) {
      sent += piece.utf8.count
      place.serve()
    }
    #expect(sent <= 3 * piece.utf8.count)
    #expect(place.requests.isEmpty)
    #expect(try controlMessage(ControlAnswer.self, place.ask(#"{"command":"status"}"# + "\n")).error == nil)
  }

  @Test func `clients that say nothing or half a line keep nobody out`() throws {
    let place = try Place()
    var silent: [Client] = []
    for number in 0..<100 {
      let client = try place.connect()
      if number.isMultiple(of: 2) { try client.send(#"{"comma"#) }
      place.serve()
      silent.append(client)
    }
    #expect(try controlMessage(ControlAnswer.self, place.ask(#"{"command":"status"}"# + "\n")).error == nil)
    #expect(silent.first?.isClosed == true, "the oldest has to go")
    #expect(place.requests.count == 1)
  }

  @Test func `a client that goes away before the answer is forgotten`() throws {
    let place = try Place()
    do {
      let client = try place.connect()
      try client.send(#"{"command":"status"}"# + "\n")
    }
    place.serve()
    #expect(try !place.ask(#"{"command":"status"}"# + "\n").isEmpty)
    do { _ = try place.connect() }
    place.serve()
    #expect(place.isIdle, "or the launcher would turn round and round")
  }

  @Test func `the answer for two thousand ranks fits`() throws {
    let place = try Place(ranks: 2048)
    let answer = try place.ask(#"{"command":"status"}"# + "\n")
    #expect(try controlMessage(ControlAnswer.self, answer).status?.ranks.count == 2048)
  }

  @Test func `the socket is for its owner alone, and goes with the launcher`() throws {
    var folder = ""
    do {
      let place = try Place()
      folder = place.folder
      var status = stat()
      #expect(lstat("\(folder)/control", &status) == 0)
      #expect(status.st_mode == S_IFSOCK | 0o600)
      #expect(RunRegistry(path: "\(folder)/x/twins-runs").running == ["r1"])
    }
    #expect(access("\(folder)/control", F_OK) != 0)
    #expect(access("\(folder)/x/twins-runs", F_OK) != 0)
  }

  @Test func `a dead launcher's socket is replaced`() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let socket = try UnixAddress.socket()
    let number = socket.number
    #expect(try #require(UnixAddress("\(folder)/control")).withPointer { bind(number, $0, $1) } == 0)
    #expect(!ControlClient.isAnswered(in: folder))
    let control = try ControlSocket(in: folder, environment: [:])
    #expect(ControlClient.isAnswered(in: folder))
    _ = consume control
    #expect(!ControlClient.isAnswered(in: folder))
  }

  @Test func `a path that is too long for a socket is none here`() throws {
    let parent = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: parent) }
    let folder = "\(parent)/\(String(repeating: "long", count: 30))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let control = try ControlSocket(in: folder, environment: [:])
    #expect(names(in: folder) == ["control"])
    #expect(ControlClient.isAnswered(in: folder))
    _ = consume control
    #expect(names(in: folder).isEmpty)
  }

  @Test func `a file in place of the socket points to it`() throws {
    let parent = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: parent) }
    for name in ["here", "there"] { mkdir("\(parent)/\(name)", 0o700) }
    let control = try ControlSocket(in: "\(parent)/there", environment: [:])
    try "\(parent)/there/control".write(toFile: "\(parent)/here/control", atomically: true, encoding: .utf8)
    #expect(ControlClient.isAnswered(in: "\(parent)/here"))
    _ = consume control
  }

  /// More than any queue holds, while nobody answers; then all are served.
  @Test func `everybody who asks at once is answered`() throws {
    let place = try Place()
    let folder = place.folder
    let asked = 200
    let answers = Answers()
    for _ in 0..<asked {
      Thread.detachNewThread {
        answers.add(Result { try ControlClient.ask(ControlRequest(command: .status), folder: folder) })
      }
    }
    while answers.count < asked {
      place.serve()
      sched_yield()
    }
    #expect(try answers.all.allSatisfy { try $0.get().status?.run == "r1" })
  }

  @Test func `a registry that others may change is not used, and that is said`() throws {
    let parent = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: parent) }
    let registry = RunRegistry(path: "\(parent)/runs")
    mkdir(registry.path, 0o777)
    chmod(registry.path, 0o777)
    makeFile("\(registry.path)/of-somebody")
    let run = try #require(RunIdentifier("r1"))
    #expect(!registry.add(run, folder: parent))
    #expect(
      registry.obstacle
        == "runs are not noted in \(parent)/runs, since others may change it: name a run by its output folder"
    )
    #expect(RunRegistry(path: "\(parent)/none").obstacle == nil)
  }

  @Test
  func `a killed run keeps its name while others begin, until its folder is gone or another has the name`()
    throws
  {
    let parent = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: parent) }
    let registry = RunRegistry(path: "\(parent)/runs")
    func begin(_ name: String, in folder: String) throws {
      mkdir("\(parent)/\(folder)", 0o700)
      #expect(registry.add(try #require(RunIdentifier(name)), folder: "\(parent)/\(folder)"))
    }
    func folders(_ name: String) throws -> [String] {
      registry.folders(of: try #require(RunIdentifier(name))).map { String($0.dropFirst(parent.count + 1)) }
    }
    // Nobody listens in any of these folders.
    try begin("killed", in: "a")
    try begin("other", in: "b")
    #expect(try folders("killed") == ["a"] && registry.running.isEmpty)
    try begin("killed", in: "c")
    #expect(try folders("killed") == ["c"])
    rmdir("\(parent)/c")
    try begin("another", in: "d")
    #expect(try folders("killed").isEmpty && folders("other") == ["b"])
  }

  /// Each takes the empty folder away as it goes.
  @Test func `launchers that begin and end at once all get their note`() throws {
    let parent = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: parent) }
    let listener = try ControlSocket(in: parent, environment: [:])
    let misses = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: 4) { number in
      let registry = RunRegistry(path: "\(parent)/runs")
      for _ in 0..<100 {
        guard let run = RunIdentifier("r\(number)") else { return }
        if !registry.add(run, folder: parent) { misses.add(1, ordering: .relaxed) }
        registry.remove(run, folder: parent)
      }
    }
    #expect(misses.load(ordering: .relaxed) == 0)
    _ = consume listener
  }
}

/// What clients on several threads got.
private final class Answers: Sendable {
  private let results = Monitor<[Result<ControlAnswer, any Error>]>([])

  var all: [Result<ControlAnswer, any Error>] { results.withLock { $0 } }
  var count: Int { all.count }

  func add(_ result: Result<ControlAnswer, any Error>) { results.withLock { $0.append(result) } }
}

/// A server with a folder of its own, served by hand.
private final class Place {
  let folder: String
  private(set) var requests: [ControlRequest] = []
  private var server: ControlServer?
  private let ranks: Int

  init(ranks: Int = 2) throws {
    self.ranks = ranks
    folder = try temporaryFolder()
    mkdir("\(folder)/x", 0o700)
    let run = try #require(RunIdentifier("r1"))
    server = try ControlServer(
      run: run, folder: folder, environment: ["XDG_RUNTIME_DIR": "\(folder)/x"])
  }

  deinit {
    server = nil
    rmdir("\(folder)/x")
    rmdir(folder)
  }

  func serve() {
    server?.serve { request in
      requests.append(request)
      return ControlAnswer(status: status(ranks: ranks))
    }
  }

  /// Whether the server waits for nothing that is there already.
  var isIdle: Bool {
    var entry = pollfd(fd: server?.descriptor ?? -1, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) == 0
  }

  func connect() throws -> Client {
    let client = try Client("\(folder)/control")
    serve()
    return client
  }

  func ask(_ text: String) throws -> [UInt8] {
    let client = try connect()
    try client.send(text)
    return try read(client)
  }

  func read(_ client: Client) throws -> [UInt8] {
    serve()
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    var line: [UInt8] = []
    while case let count = recv(client.number, &bytes, bytes.count, 0), count > 0 { line += bytes[..<count] }
    return line
  }
}

/// A client's end of a connection.
private final class Client {
  private let socket: Descriptor

  init(_ path: String) throws {
    socket = try UnixAddress.socket()
    let number = socket.number
    guard try #require(UnixAddress(path)).withPointer({ connect(number, $0, $1) }) == 0 else {
      throw TestError("connect: \(errorText(errno))")
    }
  }

  var number: CInt { socket.number }

  func send(_ text: String) throws {
    guard trySend(text) else { throw TestError("send: \(errorText(errno))") }
  }

  func trySend(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return Glibc.send(number, bytes, bytes.count, CInt(MSG_NOSIGNAL)) > 0
  }

  /// Whether the other end has hung up.
  var isClosed: Bool {
    var entry = pollfd(fd: number, events: 0, revents: 0)
    return poll(&entry, 1, 0) > 0 && entry.revents & Int16(POLLHUP) != 0
  }
}

private func status(ranks: Int) -> RunStatus {
  RunStatus(
    run: "r1", attempt: 0, launcher: 4711, state: .running, uptimeSeconds: 12.5, epoch: 3, step: 17,
    stepsOfEpoch: 1251, loss: 2.5, imagesPerSecond: 812.5, healthy: true,
    ranks: (0..<ranks).map {
      RunStatus.Rank(
        rank: $0, pid: 4712, state: .running, phase: "communicate", seconds: 0.125, step: 17, restarts: 0)
    })
}
