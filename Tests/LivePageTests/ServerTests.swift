import Foundation
import TestSupport
import Testing

@testable import LivePage
@testable import RunControl

/// The server, by what it answers to whoever connects.
@Suite(.serialized) struct ServerTests {
  @Test func `the page and its files are served, each as what it is, and nothing else`() async throws {
    let page = try await ServedPage()
    let document = try page.answer("/")
    #expect(document.hasPrefix("HTTP/1.1 200 ") && document.contains("<h1>run r1<small>alt_gvt_nano</small>"))
    let policy = try #require(document.firstMatch(of: #/Content-Security-Policy: (.*)\r\n/#)).1
    #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe") && !policy.contains("*"))
    for (path, type) in [
      ("/style.css", "text/css"), ("/page.js", "text/javascript"), ("/icon.svg", "image/svg+xml"),
      ("/metrics", "text/plain; version=0.0.4"),
    ] {
      let answer = try page.answer(path)
      #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.contains("Content-Type: \(type)"), "\(path)")
      #expect(answer.contains("X-Content-Type-Options: nosniff"))
    }
    for path in [
      "/nothing", "/image/0", "/image/-1", "/image/x", "/../etc/passwd", "/%2e%2e/etc/passwd", "//",
      "/events/",
    ] {
      #expect(try page.answer(path).hasPrefix("HTTP/1.1 404 "), "\(path)")
    }
    #expect(
      try page.answer("/", method: "HEAD").contains("\r\n\r\n")
        && !page.answer("/", method: "HEAD").contains("<html"))
  }

  @Test func `what it does not do is refused, and nothing of a body is read`() async throws {
    let page = try await ServedPage()
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
      #expect(try page.answer("/", method: method).hasPrefix("HTTP/1.1 405 "), "\(method)")
    }
    #expect(try page.answer("/", "Content-Length: 1000000000").hasPrefix("HTTP/1.1 413 "))
    #expect(try page.answer("/", "Transfer-Encoding: chunked").hasPrefix("HTTP/1.1 413 "))
    #expect(try page.answer("/" + String(repeating: "x", count: 5000)).hasPrefix("HTTP/1.1 414 "))
    #expect(try !page.answer("/", "X: " + String(repeating: "x", count: 100_000)).contains("200 OK"))
    #expect(try page.answer("/", host: "evil.example").hasPrefix("HTTP/1.1 421 "))
    #expect(try page.answer("/").hasPrefix("HTTP/1.1 200 "), "it is still there")
  }

  @Test func `a token opens the page once, and a cookie from then on`() async throws {
    let secret = "0123456789abcdef"
    let page = try await ServedPage(token: secret)
    for target in ["/", "/events", "/metrics", "/style.css", "/?token=wrong"] {
      #expect(try page.answer(target).hasPrefix("HTTP/1.1 401 "), "\(target)")
    }
    let first = try page.answer("/?token=\(secret)")
    #expect(first.hasPrefix("HTTP/1.1 303 ") && first.contains("Location: /\r\n"))
    #expect(first.contains("Set-Cookie: twins_page=\(secret); Path=/; HttpOnly; SameSite=Strict"))
    #expect(try page.answer("/", "Cookie: other=1; twins_page=\(secret)").hasPrefix("HTTP/1.1 200 "))
    #expect(try page.answer("/metrics", "Authorization: Bearer \(secret)").hasPrefix("HTTP/1.1 200 "))
    #expect(try page.answer("/", "Cookie: twins_page=\(secret)0").hasPrefix("HTTP/1.1 401 "))
  }

  @Test func `images are those of the run's own list`() async throws {
    let folder = try temporaryFolder()
    defer { removeFolder(folder) }
    try Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3]).write(
      to: URL(fileURLWithPath: "\(folder)/a.png"))
    let mistakes = ["\(folder)/a.png", "/etc/passwd"].map {
      EvaluationNote.Mistake(path: $0, label: "a", predicted: "b", confidence: 0.9)
    }
    let page = try await ServedPage(ChangingRun(mistakes: Mistake.all(mistakes)))
    #expect(try page.answer("/image/0").contains("Content-Type: image/png"))
    #expect(try page.answer("/image/1").hasPrefix("HTTP/1.1 404 "))
  }

  @Test func `what changes is sent to who follows, and to who comes back what he missed`() async throws {
    let run = ChangingRun()
    let page = try await ServedPage(run)
    let follower = try page.follower()
    let first = follower.read { $0.contains("event: version") }
    #expect(
      first.contains("Content-Type: text/event-stream") && first.contains("<b>2.0000</b><small>loss</small>"))
    run.set(loss: 1.25)
    #expect(follower.read { $0.contains("<b>1.2500</b>") }.contains("<b>1.2500</b>"))
    let version = try #require(first.firstMatch(of: #/\nid: (\d+)\n/#)).1
    let second = try page.follower("/events?since=\(version)").read { $0.contains("event: version") }
    #expect(second.contains("<b>1.2500</b>") && !second.contains("data: charts"))
  }

  @Test func `a flood of connections and followers leaves the page to others`() async throws {
    let page = try await ServedPage()
    var silent: [PageClient] = []
    for number in 0..<50 {
      silent.append(try PageClient(port: page.port))
      if number.isMultiple(of: 2) { silent[number].send("GET / HTTP/1.1\r\nHo") }
    }
    var followers: [PageClient] = []
    for _ in 0..<RunFeed.mostFollowers {
      followers.append(try page.follower())
      _ = followers.last?.read { $0.contains("event: version") }
    }
    let turnedAway = try page.follower().read { $0.contains("\r\n\r\n") }
    #expect(turnedAway.contains("HTTP/1.1 503 ") && turnedAway.contains("Retry-After: "))
    #expect(try page.answer("/").hasPrefix("HTTP/1.1 200 "))
    followers.removeAll()
    while page.feed.followers > 0 { pauseBetweenLooks() }
  }

  @Test func `a browser that does not read is let go`() async throws {
    let page = try await ServedPage(ChangingRun(growsBy: 100_000), patience: .milliseconds(200))
    let hung = try page.follower()
    let other = try page.follower()
    #expect(other.read { $0.components(separatedBy: "event: version").count > 3 }.contains("event: version"))
    withExtendedLifetime(hung) {
      withExtendedLifetime(other) { while page.feed.followers > 0 { pauseBetweenLooks() } }
    }
  }
}
