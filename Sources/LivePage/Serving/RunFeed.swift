import RunControl
import System

/// Has a run read once for all who look at it, from time to time and for as long as anybody does.
///
/// Files and sockets are waited for on a thread of its own, so that a launcher that hangs holds up no request.
final class RunFeed: Sendable {
  private let state: Monitor<State>

  private struct State {
    var page: PageState?
    /// Until when it is new enough.
    var end = ContinuousClock.now
    /// Who waits for a new one.
    var waiting: [CheckedContinuation<PageState, Never>] = []
    /// Who wants each new one.
    var followers: [Int: AsyncStream<PageState>.Continuation] = [:]
    var lastFollower = 0
    var isOver = false
  }

  /// Of its time the thread reads at most this part: a run's files grow.
  private static let part = 50
  /// More are turned away.
  static let mostFollowers = 100

  /// - Parameters:
  ///   - pause: Between two readings, at least.
  ///   - read: Reads the run.
  init(every pause: Duration = .seconds(1), _ read: @escaping @Sendable () -> RunReading) throws(Shortage) {
    state = Monitor(State())
    let state = self.state
    try OwnedThread("feed") { Self.run(state, pause, read) }.detach()
  }

  deinit { state.withLock { $0.isOver = true } }

  /// The page as it is now, or was a moment ago.
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

  /// Each new page, where one may be missed by whoever is slow; nil where too many follow.
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

  /// How many follow.
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
