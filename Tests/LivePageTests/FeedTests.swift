import Synchronization
import TestSupport
import Testing

@testable import LivePage
@testable import RunControl

/// One reading for all who look.
@Suite struct FeedTests {
  private final class Reader: Sendable {
    let count = Mutex(0)

    func read() -> RunReading {
      let number = count.withLock {
        $0 += 1
        return $0
      }
      var traces = RunTraces.trained(epochs: 2, of: 5, ending: nil)
      traces.isAlive = true
      var reading = RunReading(RunHistory(traces, host: "here"), at: 2000 + Double(number))
      reading.status = RunStatus(
        run: "r", attempt: 0, launcher: 1, state: .running, uptimeSeconds: 1, loss: Double(number),
        healthy: true,
        ranks: [])
      return reading
    }
  }

  @Test func `nobody reads before somebody looks, and then once for a hundred`() async throws {
    let reader = Reader()
    let feed = try RunFeed(every: .seconds(60)) { reader.read() }
    #expect(reader.count.withLock { $0 } == 0)
    let versions = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<100 { group.addTask { await feed.page().version } }
      return await group.reduce(into: Set<Int>()) { $0.insert($1) }
    }
    #expect(versions.count == 1 && reader.count.withLock { $0 } == 1)
  }

  @Test func `who follows is told of each page, and of the newest alone where he is slow`() async throws {
    let reader = Reader()
    let feed = try RunFeed(every: .milliseconds(1)) { reader.read() }
    var pages = try #require(feed.follow()).makeAsyncIterator()
    let first = try #require(await pages.next())
    while reader.count.withLock({ $0 }) < 5 { pauseBetweenLooks() }
    let second = try #require(await pages.next())
    #expect(second.version > first.version && second.events(since: first.version).contains("data: figures"))
  }

  @Test func `too many followers are turned away, and places are free again`() throws {
    let reader = Reader()
    let feed = try RunFeed(every: .seconds(60)) { reader.read() }
    var streams: [AsyncStream<PageState>] = []
    while let stream = feed.follow() { streams.append(stream) }
    #expect(streams.count == RunFeed.mostFollowers)
    streams.removeAll()
    #expect(feed.follow() != nil)
  }
}
