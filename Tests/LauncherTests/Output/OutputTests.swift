import Glibc
import System
import Testing
import TestSupport

@testable import Launcher

/// What becomes of much output, and of a reader that does not read.
@Suite struct OutputTests {
  /// Eight workers that write as fast as they can: on the console and in the logs, every line is whole and in order.
  @Test func `no line is lost or torn`() throws {
    let (ranks, count) = (8, 20_000)
    let run = try LauncherRun(
      "awk -v r=$RANK 'BEGIN { for (i = 0; i < \(count); i++) print r, i, \"end\" }'",
      ["--nproc", "\(ranks)"])
    let (status, output) = try run.finish()
    #expect(status == 0)
    var seen = [Int](repeating: 0, count: ranks)
    for line in output.split(separator: "\n") {
      let rank = line.first == "[" ? line.dropFirst(6).first?.wholeNumberValue : 0
      guard let rank, rank < ranks else { throw TestError("torn: \(line)") }
      try #require(line == (rank == 0 ? "" : "[rank \(rank)] ") + "\(rank) \(seen[rank]) end")
      seen[rank] += 1
    }
    #expect(seen == Array(repeating: count, count: ranks))
    for rank in 0..<ranks {
      let expected = (0..<count).map { "\(rank) \($0) end\n" }.joined()
      #expect(run.log(rank: rank) == expected, "the log of rank \(rank)")
    }
  }

  /// What the launcher has shown is in the log, even when it is killed and cannot write any more.
  @Test func `the logs of a killed launcher are complete`() throws {
    let count = 3000
    let run = try LauncherRun(
      "i=0; while [ $i -lt \(count) ]; do echo $i; i=$((i+1)); done; printf torn; wait_for_launcher",
      ["--nproc", "2"])
    var open: Set = ["\(count - 1)", "[rank 1] \(count - 1)"]
    while !open.isEmpty { open.remove(try run.nextLine()) }
    run.send(.kill)
    try run.waitUntilWorkersAreGone()
    #expect(run.waitForEnd() == 137)
    for rank in 0..<2 {
      #expect(run.log(rank: rank) == (0..<count).map { "\($0)\n" }.joined())
    }
  }

  @Test func `a flood does not stall the others`() throws {
    let run = try LauncherRun(
      "test $RANK = 1 && exec yes flood; for i in 1 2 3; do echo turn $i; done; exit 3", ["--nproc", "2"])
    let (status, output) = try run.finish()
    #expect(status == 3)
    #expect(lines(output).filter { !$0.hasPrefix("[rank 1]") } == ["turn 1", "turn 2", "turn 3"])
    #expect(lines(output).filter { $0.hasPrefix("[rank 1]") }.allSatisfy { $0 == "[rank 1] flood" })
  }

  @Test func `a reader that stalls does not stop the supervision`() throws {
    let run = try LauncherRun("echo ready $RANK $$; exec yes flood", ["--nproc", "2"])
    _ = try processes(of: run, count: 2)
    // Nobody reads on; the launcher's stdout fills up.
    run.send(.terminate)
    #expect(run.waitForEnd() == 143)
    try run.waitUntilWorkersAreGone()
  }

  @Test func `a worker inherits nothing but its own`() throws {
    let lifeline = try Pipe()
    let command = WorkerCommand(
      program: "/bin/ls", task: WorkerTask(arguments: ["/proc/self/fd"]), environment: [:])
    for isSharing in [false, true] {
      let memory = isSharing ? try Descriptor.memoryFile(holding: []) : nil
      let shared: CInt? =
        switch memory {
        case .some(let file): file.number
        case .none: nil
        }
      let worker = try WorkerProcess.spawn(
        command, rank: 0, inheriting: .init(lifeline: lifeline.reading.number, memory: shared))
      // The last is the folder that ls itself has open.
      let names = lines(try readToEnd(try #require(worker.pipe(of: .output))))
      #expect(names == (isSharing ? ["0", "1", "2", "3", "4", "5"] : ["0", "1", "2", "3", "4"]))
      try waitUntilReadable(worker.handle.number)
      #expect(worker.collect() == .exited(0))
    }
  }

  private func readToEnd(_ descriptor: CInt) throws -> String {
    var text: [UInt8] = []
    var bytes = [UInt8](repeating: 0, count: 4096)
    while true {
      try waitUntilReadable(descriptor)
      let count = read(descriptor, &bytes, bytes.count)
      guard count > 0 else { return String(decoding: text, as: UTF8.self) }
      text += bytes[..<count]
    }
  }

  private func waitUntilReadable(_ descriptor: CInt) throws {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, LauncherRun.patience) > 0 else { throw TestError("nothing came in") }
  }
}
