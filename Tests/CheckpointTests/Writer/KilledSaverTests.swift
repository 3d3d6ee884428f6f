import Foundation
import Glibc
import Testing

@testable import Checkpoint

/// A process that saves without a pause is killed at random moments: nothing that it reported as saved is ever lost.
@Suite struct KilledSaverTests {
  @Test func `what was saved is found`() throws {
    let folder = try TemporaryFolder()
    let store = CheckpointStore(folder: "\(folder.path)/checkpoints")
    var newest = 0
    for _ in 0..<20 {
      let reported = try Saver(in: store.folder).killedAfter(
        saves: .random(in: 1...3), microseconds: .random(in: 0..<4000))
      let found = store.newestVerified()
      #expect(found.refused == [])
      let checkpoint = try #require(found.checkpoint)
      newest = try checkpoint.state(Int.self)
      // The last one may be whole and not reported yet.
      #expect((reported.last...reported.last + 1).contains(newest), "\(reported)")
      let values = try checkpoint.tensors(of: "optimizer").floats("w")
      #expect(values.allSatisfy { $0 == Float(newest) })
      #expect(reported.first > 1 || newest < 10)
    }
    #expect(newest >= 20)
    try store.save(epoch: 9999)
    try store.prune(keeping: 1)
    #expect(folder.names("checkpoints") == ["epoch-9999"])
  }
}

/// The program that saves until it is killed.
private final class Saver {
  private let process = Process()
  private let output = Pipe()

  init(in folder: String) throws {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    process.executableURL = URL(fileURLWithPath: own).deletingLastPathComponent()
      .appendingPathComponent("checkpoint-saver")
    process.arguments = [folder]
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    try output.fileHandleForWriting.close()
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
  }

  /// Kills it some time after it has reported so many saves; gives the first and the last number that it reported.
  func killedAfter(saves: Int, microseconds: UInt32) throws -> (first: Int, last: Int) {
    var numbers: [Int] = []
    while numbers.count < saves { numbers.append(try #require(next())) }
    usleep(microseconds)
    kill(process.processIdentifier, SIGKILL)
    while let number = next() { numbers.append(number) }
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL)
    return (numbers[0], numbers[numbers.count - 1])
  }

  /// The next number that it reports; nil where it has ended, or says nothing for a minute.
  private func next() -> Int? {
    let descriptor = output.fileHandleForReading.fileDescriptor
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, 60_000) > 0 else { return nil }
    var number: Int32 = 0
    return read(descriptor, &number, 4) == 4 ? Int(number) : nil
  }
}
