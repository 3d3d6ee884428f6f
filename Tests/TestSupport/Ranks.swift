import Foundation
import System

/// Runs `body` for every rank, each on a thread of its own, and gives what each came to, by rank.
public func onRanks<Value: Sendable, Failure: Error>(
  _ size: Int, _ body: @escaping @Sendable (Int) throws(Failure) -> Value
) -> [Result<Value, Failure>] {
  let results = Monitor([Int: Result<Value, Failure>]())
  let finished = DispatchGroup()
  for rank in 0..<size {
    finished.enter()
    // Given up by the thread before it says that it is done, so that what the body holds, as a folder, ends in time.
    let job = Monitor<(@Sendable () -> Result<Value, Failure>)?> {
      Result { () throws(Failure) in try body(rank) }
    }
    let thread = Thread {
      let result = job.withLock { job in
        defer { job = nil }
        return job?()
      }
      results.withLock { $0[rank] = result }
      finished.leave()
    }
    thread.stackSize = 8 << 20
    thread.start()
  }
  finished.wait()
  return results.withLock { found in (0..<size).compactMap { found[$0] } }
}

/// A folder of its own that goes when the value goes.
public final class TemporaryFolder: Sendable {
  /// Where it is.
  public let path: String

  /// Makes an empty folder.
  public init() throws {
    path = FileManager.default.temporaryDirectory.path + "/twins-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
