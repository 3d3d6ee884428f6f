import RunControl
import System

/// Reads a run periodically, once for all viewers, as long as there are any.
///
/// It waits for files and sockets on a thread of its own, so that a hanging launcher delays no request.
final class RunFeed: Sendable {
  private let state: Monitor<State>

  private struct State {
    var page: PageState?
    /// Until when the present reading is recent enough.
    var end = ContinuousClock.now
    /// Requests that wait for a new reading.
    var waiting: [CheckedContinuation<PageState, Never>] = []
    /// Viewers that want every new reading.
    var followers: [Int: AsyncStream<PageState>.Continuation] = [:]
    var lastFollower = 0
    var isOver = false
  }

  /// The inverse of the largest share of time spent reading, since a run's files grow.
  private static let part = 50
  /// The most viewers; more are refused.
  static let mostFollowers = 100

  /// Makes a feed.
  ///
  /// - Parameters:
  /// - pause: The shortest time between two readings.
  /// - read: Reads the run.
  init(every pause: Duration = .seconds(1), _ read: @escaping @Sendable () -> RunReading) throws(Shortage) {
    state = Monitor(State())
    let state = self.state
    try OwnedThread("feed") { Self.run(state, pause, read) }.detach()
  }

  deinit { state.withLock { $0.isOver = true } }

  /// The current page, or one from a moment ago.
  func page() async -> PageState {
    await withCheckedContinuation { continuation in
      state.withLock { state in
        if let page = state.page, .now < state.end {
          continuation.resume(returning: page)
        } else {
          state.waiting.append(continuation)
        }
      }
    }
  }

  /// A stream of new pages, of which slow viewers may miss some; nil if there are too many viewers.
  func follow() -> AsyncStream<PageState>? {
    let (stream, continuation) = AsyncStream.makeStream(
      of: PageState.self, bufferingPolicy: .bufferingNewest(1))
    let number: Int? = state.withLock { state in
      guard state.followers.count < Self.mostFollowers else { return nil }
      state.lastFollower += 1
      state.followers[state.lastFollower] = continuation
      return state.lastFollower
    }
    guard let number else { return nil }
    continuation.onTermination = { [state] _ in
      state.withLock { _ = $0.followers.removeValue(forKey: number) }
    }
    return stream
  }

  /// The number of viewers.
  var followers: Int { state.withLock(\.followers.count) }

  private static func run(_ state: Monitor<State>, _ pause: Duration, _ read: () -> RunReading) {
    while true {
      let isOver = state.wait { state -> Bool? in
        state.isOver ? true : state.waiting.isEmpty && state.followers.isEmpty ? nil : false
      }
      guard !isOver else { return }
      let start = ContinuousClock.now
      let reading = read()
      let (waiting, followers, page, end) = state.withLock { state in
        let page = PageState(reading, after: state.page)
        (state.page, state.end) = (page, start + max(pause, (.now - start) * part))
        defer { state.waiting = [] }
        return (state.waiting, Array(state.followers.values), page, state.end)
      }
      for continuation in waiting { continuation.resume(returning: page) }
      for continuation in followers { continuation.yield(page) }
      _ = state.wait(until: end) { $0.isOver ? true : nil }
    }
  }
}
