import Foundation
import System

/// Runs `body` for every rank, each on a thread of its own, and gives the results by rank; throws the first error.
public func onRanks<Value: Sendable>(
  _ size: Int, _ body: @escaping @Sendable (Int) throws -> Value
) throws -> [Value] {
  let results = Monitor([Int: Result<Value, any Error>]())
  let finished = DispatchGroup()
  for rank in 0..<size {
    finished.enter()
    let thread = Thread {
      let result = Result { try body(rank) }
      results.withLock { $0[rank] = result }
      finished.leave()
    }
    thread.stackSize = 8 << 20
    thread.start()
  }
  finished.wait()
  return try results.withLock { found in try (0..<size).compactMap { try found[$0]?.get() } }
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
