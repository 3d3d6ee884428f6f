import Foundation
import Glibc
import TestSupport

extension ProgramRun {
  /// The workers that run now, by rank.
  var workers: [Int: pid_t] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    let found = names.compactMap { pid_t($0) }.compactMap { process in
      rank(of: process).map { ($0, process) }
    }
    return Dictionary(found) { first, _ in first }
  }

  /// Sends the launcher a signal.
  func send(_ signal: Int32) { kill(identifier, signal) }

  /// Makes the terminal on which the launcher of a worker writes so many columns wide; the kernel tells it so by SIGWINCH.
  func resizeTerminal(ofLauncherOf worker: pid_t, to columns: UInt16) throws {
    let stat = try String(contentsOfFile: "/proc/\(worker)/stat", encoding: .utf8)
    let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
    // Under whatever name it lies here.
    let terminal = open("/proc/\(fields[2])/fd/1", O_RDWR | O_NOCTTY)
    defer { close(terminal) }
    var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    guard ioctl(terminal, UInt(TIOCSWINSZ), &size) == 0 else {
      throw TestError("no terminal of launcher \(fields[2]): \(String(cString: strerror(errno)))")
    }
  }

  /// Runs `body` and waits until every worker that ran before it is gone, at most so long.
  func waitForWorkers(within limit: Duration, toEndAfter body: () -> Void) throws {
    let processes = ProcessHandles(workers)
    let deadline = ContinuousClock.now + limit
    body()
    try processes.waitUntilGone(by: deadline)
  }

  /// Waits for the process of a rank to be there.
  func waitForWorker(_ rank: Int) throws -> pid_t {
    let deadline = ContinuousClock.now + Self.patience
    while ContinuousClock.now < deadline {
      if let process = workers[rank] { return process }
      pauseBetweenLooks()
    }
    throw TestError("rank \(rank) did not start")
  }

  /// Waits for a process that the program itself has started.
  func waitForChild() throws {
    let deadline = ContinuousClock.now + Self.patience
    while FileManager.default.contents(atPath: "/proc/\(identifier)/task/\(identifier)/children")?.isEmpty
      ?? true
    {
      guard ContinuousClock.now < deadline else { throw TestError("nothing was started") }
      pauseBetweenLooks()
    }
  }

  /// Waits until no worker is left.
  func waitUntilWorkersAreGone(until deadline: ContinuousClock.Instant) throws {
    while case let workers = workers, !workers.isEmpty {
      guard ContinuousClock.now < deadline else { throw TestError("still there: \(workers)") }
      pauseBetweenLooks()
    }
  }

  /// Nil for a process that is none of our workers; one that has ended has no environment any more.
  private func rank(of process: pid_t) -> Int? {
    guard let content = FileManager.default.contents(atPath: "/proc/\(process)/environ") else { return nil }
    let variables = String(decoding: content, as: UTF8.self).split(separator: "\0")
    guard variables.contains(where: { $0 == mark }) else { return nil }
    return variables.first { $0.hasPrefix("RANK=") }.flatMap { Int($0.dropFirst("RANK=".count)) }
  }
}
