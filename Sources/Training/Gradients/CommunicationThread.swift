import Collective
import System

/// A thread that performs exchanges one after another, in the order in which they were handed over.
final class CommunicationThread {
  private let queue = ExchangeQueue()

  /// Starts a thread that calls `exchange` with each number handed over.
  init(_ exchange: @escaping (Int) throws(CollectiveError) -> Void) {
    // Safe: only the new thread calls it; until `drain()`, the thread that handed over leaves the exchanged
    // memory alone.
    nonisolated(unsafe) let exchange = exchange
    OwnedThread.started("exchange") { [queue] in
      while let number = queue.next() {
        let watch = ContinuousClock.now
        let result = Result { () throws(CollectiveError) in try exchange(number) }
        queue.finish(result, after: .now - watch)
      }
      queue.end()
    }.detach()
  }

  deinit { queue.close() }

  /// Queues exchanges.
  func handOver(_ numbers: Range<Int>) { queue.add(numbers) }

  /// Waits until that many exchanges have ended since the last `drain()`, or one has failed.
  func wait(for count: Int) { queue.wait(for: count) }

  /// Waits until the queue is empty, and returns the time that its exchanges took.
  ///
  /// Each of the group's operations ends within its timeout, so the wait is bounded. Throws the first error
  /// since the last call.
  func drain() throws(CollectiveError) -> Duration {
    let (busy, failure) = queue.drain()
    if let failure { throw failure }
    return busy
  }
}

/// Numbers handed from one thread to another, and the results.
private final class ExchangeQueue: Sendable {
  private let state = Monitor(State())

  private struct State {
    var waiting: [Int] = []
    var isBusy = false
    var isClosed = false
    var hasEnded = false
    var finished = 0
    var busy = Duration.zero
    var failure: CollectiveError?
  }

  func add(_ numbers: Range<Int>) {
    // After an error the group is unusable, so the rest would only fail again.
    state.withLock { if $0.failure == nil { $0.waiting += numbers } }
  }

  func next() -> Int? {
    state.wait { (state) -> Int?? in
      guard !state.waiting.isEmpty || state.isClosed else { return nil }
      state.isBusy = !state.waiting.isEmpty
      return .some(state.waiting.isEmpty ? nil : state.waiting.removeFirst())
    }
  }

  func finish(_ result: Result<Void, CollectiveError>, after time: Duration) {
    state.withLock { state in
      state.isBusy = false
      state.busy += time
      state.finished += 1
      guard case .failure(let error) = result else { return }
      state.failure = error
      state.waiting = []
    }
  }

  func wait(for count: Int) {
    state.wait { $0.finished >= count || $0.failure != nil ? () : nil }
  }

  func drain() -> (busy: Duration, failure: CollectiveError?) {
    state.wait { state in
      guard state.waiting.isEmpty && !state.isBusy else { return nil }
      defer { (state.finished, state.busy, state.failure) = (0, .zero, nil) }
      return (state.busy, state.failure)
    }
  }

  func end() { state.withLock { $0.hasEnded = true } }

  /// Waits until the thread has finished the queue and ended.
  func close() {
    state.withLock { $0.isClosed = true }
    state.wait { $0.hasEnded ? () : nil }
  }
}
