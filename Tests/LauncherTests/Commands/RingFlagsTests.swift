import ArgumentParser
import Collective
import Testing

@testable import Launcher
@testable import RunControl

@Suite struct RingFlagsTests {
  @Test(arguments: [
    ("1", 1), ("65536", 65_536), ("4K", 4096), ("512M", 512 << 20), ("2g", 2 << 30),
  ])
  func `bytes are read as people write them`(text: String, bytes: Int) throws {
    #expect(try ByteCount(parsing: text).bytes == bytes)
  }

  @Test(arguments: ["", "0", "-1", "M", "1.5G", "3x", "1 G", "9999999999G", "+1", "١"])
  func `what is no number of bytes is refused`(text: String) {
    #expect(throws: ValidationError.self) { try ByteCount(parsing: text) }
  }

  @Test(arguments: [
    ["--transport", "rdma"], ["--shm-size", "0"], ["--ring-address", "localhost"],
    ["--ring-address", "1.2.3"], ["--ring-address", "0.0.0.0"], ["--ring-address", "::"],
    ["--ring-address", "::ffff:0.0.0.0"], ["--transport", "tcp", "--ring-address", "192.0.2.1"],
    ["--hang-timeout", "0"], ["--hang-timeout", "nan"],
    ["--hang-timeout", "inf"],
  ])
  func `a bad value is refused`(arguments: [String]) {
    #expect(throws: (any Error).self) { try RingFlags.parse(arguments) }
  }

  @Test func `the rendezvous has what the flags say`() throws {
    let rendezvous = try rendezvous([
      "--transport", "shm", "--shm-size", "1M", "--ring-address", "::1", "--hang-timeout", "2.5",
    ])
    #expect((rendezvous.rank, rendezvous.size, rendezvous.run, rendezvous.generation) == (0, 4, "r1", 2))
    #expect((rendezvous.directory, rendezvous.transport, rendezvous.address) == ("", .shm, "::1"))
    #expect(rendezvous.timeouts.silence == .seconds(2.5))
    #expect(rendezvous.memory?.limit == 1 << 20)
    #expect(rendezvous.memory?.descriptor == 4)
  }

  @Test(arguments: [
    ("auto", 2, true), ("shm", 8, true), ("shm", 1, false), ("ipc", 8, false), ("tcp", 8, false),
  ])
  func `there is memory to share where it is used`(transport: String, size: Int, isShared: Bool) throws {
    #expect(try (rendezvous(["--transport", transport], size: size).memory != nil) == isShared)
  }

  @Test func `flags without effect are named`() throws {
    #expect(try RingFlags.parse([]).notes.isEmpty)
    #expect(try RingFlags.parse(["--shm-size", "1G", "--transport", "tcp"]).notes.count == 1)
    #expect(try RingFlags.parse(["--shm-size", "1G", "--ring-address", "::1"]).notes.count == 1)
  }

  private func rendezvous(_ arguments: [String], size: Int = 4) throws -> RingRendezvous {
    let identifier = try #require(RunIdentifier("r1"))
    return try RingFlags.parse(arguments).rendezvous(identifier, attempt: 2, size: size)
  }
}
