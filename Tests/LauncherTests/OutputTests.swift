import Collective
import Glibc
import Testing

@testable import Launcher

/// What becomes of much output, and of a reader that does not read.
@Suite struct OutputTests {
  @Test func noLineIsLostOrTorn() throws {
    let count = 5000
    let run = try LauncherRun(
      "awk -v r=$RANK 'BEGIN { for (i = 0; i < \(count); i++) print r, i, \"end\" }'", ["--nproc", "4"])
    let (status, output) = try run.finish()
    #expect(status == 0)
    var seen: [Int: Int] = [:]
    for line in lines(output) {
      let words = line.split(separator: " ")
      guard let rank = Int(words[words.count - 3]) else { throw TestError("torn: \(line)") }
      let number = seen[rank, default: 0]
      try #require(line == (rank == 0 ? "" : "[rank \(rank)] ") + "\(rank) \(number) end")
      seen[rank] = number + 1
    }
    #expect(seen == [0: count, 1: count, 2: count, 3: count])
    #expect(lines(run.log(rank: 3) ?? "").count == count)
  }

  @Test func aFloodDoesNotStallTheOthers() throws {
    let run = try LauncherRun(
      "test $RANK = 1 && exec yes flood; for i in 1 2 3; do echo turn $i; done; exit 3", ["--nproc", "2"])
    let (status, output) = try run.finish()
    #expect(status == 3)
    #expect(lines(output).filter { !$0.hasPrefix("[rank 1]") } == ["turn 1", "turn 2", "turn 3"])
    #expect(lines(output).filter { $0.hasPrefix("[rank 1]") }.allSatisfy { $0 == "[rank 1] flood" })
  }

  @Test func aReaderThatStallsDoesNotStopTheSupervision() throws {
    let run = try LauncherRun("echo ready $RANK $$; exec yes flood", ["--nproc", "2"])
    _ = try processes(of: run, count: 2)
    // Nobody reads on; the launcher's stdout fills up.
    run.send(.terminate)
    #expect(run.waitForEnd() == 143)
    try run.waitUntilWorkersAreGone()
  }

  @Test func aWorkerInheritsNothingButItsOwn() throws {
    let lifeline = try Pipe()
    let command = WorkerCommand(program: "/bin/ls", arguments: ["/proc/self/fd"], environment: [:])
    for isSharing in [false, true] {
      let memory = isSharing ? try Descriptor.memoryFile(for: meeting) : nil
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

  private var meeting: RingMeeting {
    var meeting = RingMeeting(rank: 0, size: 2, run: "r", generation: 0, directory: "/s")
    meeting.memory = RingMeeting.SharedMemory(descriptor: 4)
    return meeting
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
