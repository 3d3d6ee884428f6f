import Glibc
import System
import System
import SystemPackage
import Testing

@testable import Datasets

@Suite struct ReadRetriesTests {
  /// A server that fails every `period`th read with `errno`, and the pauses that were asked for.
  private final class Weather: Sendable {
    let state = Monitor((reads: 0, pauses: [Duration]()))
    let errno: CInt
    let period: Int

    init(_ errno: CInt, every period: Int) {
      self.errno = errno
      self.period = period
    }

    var pauses: [Duration] { state.withLock(\.pauses) }

    var retries: ReadRetries {
      ReadRetries(
        wait: { pause in self.state.withLock { $0.pauses.append(pause) } },
        interrupt: { (path) throws(SystemError) in
          let reads = self.state.withLock { state in
            state.reads += 1
            return state.reads
          }
          if reads % self.period == 0 { throw SystemError("read", path, self.errno) }
        })
    }
  }

  @Test(arguments: [ESTALE, EIO, ETIMEDOUT, EAGAIN, ENFILE, ENOMEM])
  func `an error that may pass is tried again after growing pauses, and blames no image`(errno: CInt) {
    let weather = Weather(errno, every: 1)
    let error = DataError.unreadable(SystemError("read", "/d/x.jpg", errno))
    #expect(throws: error) { _ = try ByteBuffer().contents(of: "/d/x.jpg", weather.retries) }
    #expect(error.isTransient)
    #expect(weather.pauses == ReadRetries().pauses)
    #expect(weather.pauses == weather.pauses.sorted())
    #expect(weather.pauses.count >= 3)
  }

  @Test(arguments: [ENOENT, EACCES])
  func `an error that stays is not tried again`(errno: CInt) {
    let weather = Weather(errno, every: 1)
    #expect(throws: DataError.unreadable(SystemError("read", "/d/x.jpg", errno))) {
      _ = try ByteBuffer().contents(of: "/d/x.jpg", weather.retries)
    }
    #expect(weather.pauses.isEmpty)
  }

  @Test(arguments: [0, 3])
  func `an epoch with failing reads has the pixels of one without`(threads: Int) throws {
    let temporary = try TemporaryFolder()
    for number in 0..<20 {
      try temporary.write(Fixture.bytes("decode/rgb.png"), to: "\(number % 2)/\(number).png")
    }
    let folder = try ImageFolder(FilePath(temporary.path))
    let weather = Weather(ESTALE, every: 7)
    let calm = try epoch(of: folder, threads, ReadRetries())
    #expect(try epoch(of: folder, threads, weather.retries) == calm)
    #expect(weather.pauses.count >= 5)
  }

  private func epoch(of folder: ImageFolder, _ threads: Int, _ retries: ReadRetries) throws -> [[UInt8]] {
    let loader = BatchLoader(
      folder: folder, transform: TrainTransform(size: 16), batchSize: 4, seed: 1, threads: threads, depth: 2,
      failures: .replaced(inARow: 0), retries: retries)
    var batches: [[UInt8]] = []
    loader.start(batches: (0..<10).map { Array($0 * 4..<$0 * 4 + 4) }, epoch: 0)
    while let batch = try loader.next() {
      batches.append(Array(batch.pixels))
      loader.recycle(batch)
    }
    return batches
  }
}
