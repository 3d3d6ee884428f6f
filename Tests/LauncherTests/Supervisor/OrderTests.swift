import Foundation
import Glibc
import System
import Testing

@testable import Launcher

/// Which of several deaths came first.
@Suite struct OrderTests {
  /// `make soak` asks for more.
  private static let trials = ProcessInfo.processInfo.environment["TWINS_SOAK"] == nil ? 20 : 100

  /// All eight are there to be taken at once, and come in the order in which the kernel saw them end.
  @Test(arguments: 0..<trials)
  func `deaths between two looks are told apart`(trial: Int) throws {
    let lifeline = try Launcher.Pipe()
    let queue = try ReadyQueue()
    let command = WorkerCommand(
      program: "/bin/cat", task: WorkerTask(arguments: ["/proc/self/fd/3"]), environment: [:])
    var workers: [WorkerProcess] = []
    for rank in 0..<8 {
      let worker = try WorkerProcess.spawn(
        command, rank: rank, inheriting: .init(lifeline: lifeline.reading.number))
      try queue.watch(worker.handle, rank: rank)
      workers.append(worker)
    }
    let order = Array(0..<8).shuffled()
    for rank in order {
      workers[rank].send(.kill)
      waitUntilDead(workers[rank].identifier)
    }
    #expect(queue.takeReady() == order)
    #expect(queue.takeReady().isEmpty)
    #expect(workers.allSatisfy { $0.collect() == .killed(SIGKILL) })
  }

  /// In every other trial the launcher is stopped meanwhile, so that it sees both deaths in one turn of its loop.
  @Test(arguments: 0..<trials)
  func `the first of two deaths a millisecond apart is named`(trial: Int) throws {
    let run = try LauncherRun("echo ready $RANK $$; wait_for_launcher", ["--nproc", "3"])
    let workers = try processes(of: run, count: 3)
    let order = Array([0, 1, 2].shuffled().prefix(2))
    let (first, second) = (try #require(workers[order[0]]), try #require(workers[order[1]]))
    if trial.isMultiple(of: 2) { kill(run.launcher, SIGSTOP) }
    let moment = ContinuousClock.now
    kill(first, SIGKILL)
    while !isDead(first) || .now < moment + .milliseconds(1) { sched_yield() }
    kill(second, SIGKILL)
    while !isDead(second) { sched_yield() }
    kill(run.launcher, SIGCONT)
    #expect(try run.finish().status == 137)
    #expect(run.errors.contains("── rank \(order[0]) failed"), "\(run.errors)")
    if trial.isMultiple(of: 2) {
      #expect(
        run.errors.contains("rank \(order[1])   killed by SIGKILL (signal 9) after rank \(order[0]) was lost")
      )
    }
  }

  /// Blocks until the process has ended, and leaves it to be collected.
  private func waitUntilDead(_ process: pid_t) {
    var info = siginfo_t()
    while waitid(P_PID, id_t(process), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
  }

  private func isDead(_ process: pid_t) -> Bool {
    guard let file = fopen("/proc/\(process)/stat", "r") else { return true }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 512)
    let text = String(decoding: bytes[..<fread(&bytes, 1, bytes.count, file)], as: UTF8.self)
    return text.split(separator: ")").last?.hasPrefix(" Z") ?? true
  }
}
