import HummingbirdCore
import NIOCore

/// Sends one browser the parts of the page that change, as long as it reads them.
struct EventStream: Sendable {
  let pages: AsyncStream<PageState>
  /// The version of the page that the browser has.
  let since: Int
  let channel: any Channel
  /// How long a browser may read nothing before it counts as hanging.
  let patience: Duration

  /// The longest time without sending anything, so that a closed connection is noticed.
  static let silence = Duration.seconds(15)

  func write(to writer: inout any ResponseBodyWriter) async throws {
    var since = since
    var last = ContinuousClock.now
    try await write("retry: 3000\n\n", to: &writer)
    for await page in pages {
      let events = page.events(since: since)
      guard !events.isEmpty || .now - last > Self.silence else { continue }
      try await write(events.isEmpty ? ":\n\n" : events, to: &writer)
      (since, last) = (page.version, .now)
    }
    try await writer.finish(nil)
  }

  private func write(_ text: String, to writer: inout any ResponseBodyWriter) async throws {
    let hanging = Task {
      try await Task.sleep(for: patience)
      channel.close(promise: nil)
    }
    defer { hanging.cancel() }
    try await writer.write(ByteBuffer(string: text))
  }
}
