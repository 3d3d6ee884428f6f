import SystemPackage
import Testing

@testable import Datasets

/// A queue whose changes may stand inside an expectation.
private final class Queue {
  private var queue: BatchQueue

  init(depth: Int) {
    queue = BatchQueue(depth: depth, label: { $0 % 3 }, makeBatch: { PixelBatch(capacity: 4, size: 1) })
  }

  func start(_ batches: [[Int]], epoch: Int = 0) { queue.start(batches, epoch: epoch) }
  func claim() -> BatchQueue.Claim? { queue.claim() }
  func recycle(_ batch: PixelBatch) { queue.recycle(batch) }

  @discardableResult
  func finish(_ claim: BatchQueue.Claim, failure: DataError? = nil) -> Bool {
    queue.finish(claim, failure.map { .failed($0) } ?? .whole)
  }

  /// What `take` gives, in a form to compare.
  func take() -> Taken {
    switch queue.take() {
    case .batch(let batch): .batch(batch.indices)
    case .failure(let error): .failure(error)
    case .end: .end
    case nil: .notReady
    }
  }

  func takeBatch() throws -> PixelBatch {
    guard case .batch(let batch) = queue.take() else { throw NotReady() }
    return batch
  }
}

private enum Taken: Equatable {
  case batch([Int])
  case failure(DataError)
  case end
  case notReady
}

private struct NotReady: Error {}

@Suite struct BatchQueueTests {

  @Test func `batches are delivered in order, whatever the order of finishing`() throws {
    let queue = Queue(depth: 2)
    queue.start([[7, 8], [9]])
    let claims = [queue.claim(), queue.claim(), queue.claim()].compactMap { $0 }
    #expect(claims.map { $0.open.batch.indices[$0.position] } == [7, 8, 9])
    #expect(queue.finish(claims[2]))
    #expect(queue.take() == .notReady)
    #expect(!queue.finish(claims[1]))
    #expect(queue.finish(claims[0]))
    #expect(queue.take() == .batch([7, 8]))
    #expect(queue.take() == .batch([9]))
    #expect(queue.take() == .end)
  }

  @Test func `at most depth batches are open`() throws {
    let queue = Queue(depth: 1)
    queue.start([[0], [1]])
    let first = try #require(queue.claim())
    #expect(queue.claim() == nil)
    queue.finish(first)
    #expect(queue.claim() == nil)
    #expect(queue.take() == .batch([0]))
    #expect(queue.claim() != nil)
  }

  @Test func `the failure at the lowest position is the one delivered, and ends the epoch`() throws {
    let queue = Queue(depth: 2)
    queue.start([[0], [1, 2, 3], [4]])
    let claims = (0..<4).compactMap { _ in queue.claim() }
    queue.finish(claims[3], failure: .notAnImage(path: "3"))
    queue.finish(claims[2], failure: .notAnImage(path: "2"))
    queue.finish(claims[1])
    queue.finish(claims[0])
    #expect(queue.take() == .batch([0]))
    #expect(queue.take() == .failure(.notAnImage(path: "2")))
    #expect(queue.claim() == nil)
    #expect(queue.take() == .end)
  }

  @Test
  func `every view but the first is announced once before it is read, also of an epoch's first batches`()
    throws
  {
    let queue = Queue(depth: 9)
    for epoch in 0..<2 {
      queue.start([[7, 8], [9], [3, 4], [5]], epoch: epoch)
      let announced = (0..<6).compactMap { _ in queue.claim()?.upcoming }
      #expect(announced == [[8, 9, 3, 4], [], [5], [], [], []])
    }
  }

  @Test func `recycled memory is used again`() throws {
    let queue = Queue(depth: 1)
    queue.start([[0], [1, 2]])
    queue.finish(try #require(queue.claim()))
    let batch = try queue.takeBatch()
    queue.recycle(batch)
    #expect(try #require(queue.claim()).open.batch === batch)
    #expect(batch.indices == [1, 2])
    #expect(batch.labels == [1, 2])
  }

  @Test func `what a thread finishes of a dropped epoch is not counted for the next`() throws {
    let queue = Queue(depth: 1)
    queue.start([[0, 1]])
    let stale = try #require(queue.claim())
    queue.start([[2]], epoch: 1)
    let fresh = try #require(queue.claim())
    #expect(fresh.open.epoch == 1)
    queue.finish(stale, failure: .notAnImage(path: "0"))
    #expect(queue.take() == .notReady)
    queue.finish(fresh)
    #expect(queue.take() == .batch([2]))
  }
}
