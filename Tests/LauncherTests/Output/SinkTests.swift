import Glibc
import System
import Testing
import TestSupport

@testable import Launcher
@testable import RunControl

/// What reaches a terminal, and what a file.
@Suite struct SinkTests {
  private let hostile: [UInt8] = Array("a\u{1B}[31mred\r\u{9B}2J\ttab \u{202E}".utf8) + [0xFF, newline]

  @Test func `a terminal gets no byte that moves its cursor or changes its colours`() throws {
    let terminal = try Terminal()
    var sink = Sink(descriptor: terminal.inside.number)
    hostile.withUnsafeBytes { sink.write($0, prefix: Array("[rank 1] ".utf8)) }
    sink.write("── two\nlines\n")
    sink.drain(patience: .seconds(5))
    let expected =
      #"[rank 1] a\x1b[31mred\r\u{9b}2J"# + "\t" + #"tab \u{202e}\xff"# + "\n── two\nlines\n"
    let shown = try terminal.read(count: expected.utf8.count)
    #expect(shown == expected)
  }

  @Test func `a file gets the bytes`() throws {
    let pipe = try Pipe()
    var sink = Sink(descriptor: pipe.writing.number)
    hostile.withUnsafeBytes { sink.write($0) }
    sink.drain(patience: .seconds(5))
    var bytes = [UInt8](repeating: 0, count: 100)
    let count = read(pipe.reading.number, &bytes, bytes.count)
    #expect(Array(bytes.prefix(count)) == hostile)
    _ = consume pipe
  }
}

/// A terminal that a program may have, and the screen that shows what it writes.
private struct Terminal: ~Copyable {
  let screen: Descriptor
  let inside: Descriptor

  init() throws {
    let screen = try Descriptor(open("/dev/ptmx", O_RDWR | O_NOCTTY), from: "open /dev/ptmx")
    // TIOCSPTLCK and TIOCGPTPEER, whose macros Swift does not read: the other end, whatever lies in /dev/pts.
    var isLocked: CInt = 0
    let unlocked = ioctl(screen.number, 0x4004_5431, &isLocked)
    try #require(unlocked == 0)
    let inside = try Descriptor(ioctl(screen.number, 0x5441, O_RDWR | O_NOCTTY), from: "TIOCGPTPEER")
    var settings = termios()
    tcgetattr(inside.number, &settings)
    cfmakeraw(&settings)
    tcsetattr(inside.number, TCSANOW, &settings)
    self.screen = screen
    self.inside = inside
  }

  /// So many bytes that were shown.
  func read(count: Int) throws -> String {
    var shown: [UInt8] = []
    var bytes = [UInt8](repeating: 0, count: 4096)
    while shown.count < count {
      var entry = pollfd(fd: screen.number, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, LauncherRun.patience) > 0 else { throw TestError("only \(shown)") }
      let got = Glibc.read(screen.number, &bytes, bytes.count)
      shown += bytes.prefix(max(0, got))
    }
    return String(decoding: shown, as: UTF8.self)
  }
}
