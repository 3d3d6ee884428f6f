import Dispatch
import HTTPTypes
import HummingbirdCore
import NIOCore
import RunControl

/// Answers requests for the page and its files. No request can change anything or name a file.
struct PageResponder: Sendable {
  let feed: RunFeed
  let admission: Admission
  /// How long a browser may read nothing before its connection is closed.
  var patience = Duration.seconds(20)

  private static let longestTarget = 2048

  /// Answers a request, and closes the connection if nobody reads.
  func respond(to request: Request, by writer: consuming ResponseWriter, on channel: any Channel) async throws
  {
    // Request bodies are not read.
    let hasBody =
      request.headers[.contentLength].map { $0 != "0" } ?? (request.headers[.transferEncoding] != nil)
    let response =
      hasBody ? .text(.contentTooLarge, "GET has no body") : await self.response(to: request, on: channel)
    let isEndless = response.body.contentLength == nil
    let hanging = Task {
      try await Task.sleep(for: patience * 3)
      channel.close(promise: nil)
    }
    if isEndless { hanging.cancel() }
    defer { hanging.cancel() }
    try await writer.write(response: response.head, body: response.body)
    if hasBody { channel.close(promise: nil) }
  }

  private func response(to request: Request, on channel: any Channel) async -> Response {
    guard request.method == .get || request.method == .head else {
      return .text(.methodNotAllowed, "GET alone")
    }
    guard request.uri.string.utf8.count <= Self.longestTarget else { return .text(.uriTooLong, "too long") }
    switch admission.decide(
      host: request.head.authority, cookie: request.cookie, bearer: request.bearer, query: request.token)
    {
    case .stranger:
      return .text(.misdirectedRequest, "this page goes by another name: open it as twins-launch said")
    case .locked: return .text(.unauthorized, "open this page once with ?token=… behind its address")
    case .keepsToken: return .keeping(request.token ?? "")
    case .welcome: break
    }
    let response = await answer(request, channel)
    guard request.method == .head else { return response }
    return Response(status: response.status, headers: response.headers)
  }

  private func answer(_ request: Request, _ channel: any Channel) async -> Response {
    switch request.uri.path {
    case "/": return .content("text/html; charset=utf-8", await feed.page().document)
    case "/style.css": return .content("text/css; charset=utf-8", PageFiles.style)
    case "/page.js": return .content("text/javascript; charset=utf-8", PageFiles.script)
    case "/icon.svg": return .content("image/svg+xml", PageFiles.icon)
    case "/metrics": return .content("text/plain; version=0.0.4; charset=utf-8", await feed.page().metrics)
    case "/events": return events(request, channel)
    case let path: return await image(path) ?? .text(.notFound, "there is nothing of that name")
    }
  }

  /// `/image/3`: the image with that number in the run's list of mistakes.
  private func image(_ path: String) async -> Response? {
    let parts = path.split(separator: "/")
    guard parts.count == 2, parts[0] == "image", let number = Int(parts[1]),
      case let mistakes = await feed.page().mistakes, mistakes.indices.contains(number),
      let (kind, bytes) = await content(of: mistakes[number])
    else { return nil }
    return .content(kind.rawValue, ByteBuffer(bytes: bytes))
  }

  /// Reads the image on a thread that may block on a slow disk, which the server's own threads must not.
  private func content(of mistake: Mistake) async -> (Mistake.Kind, [UInt8])? {
    await withCheckedContinuation { done in
      DispatchQueue.global().async { done.resume(returning: mistake.content) }
    }
  }

  private func events(_ request: Request, _ channel: any Channel) -> Response {
    guard request.method == .get, let pages = feed.follow() else {
      var response = Response.text(.serviceUnavailable, "too many follow this run")
      response.headers[.retryAfter] = "30"
      return response
    }
    let since =
      request.headers[named: "Last-Event-ID"] ?? request.uri.queryParameters["since"].map(String.init)
    let stream = EventStream(
      pages: pages, since: since.flatMap { Int($0) } ?? 0, channel: channel, patience: patience)
    var headers = HTTPFields.ofPage
    headers[.contentType] = "text/event-stream"
    // Proxies must not buffer the stream.
    headers[named: "X-Accel-Buffering"] = "no"
    return Response(status: .ok, headers: headers, body: ResponseBody { try await stream.write(to: &$0) })
  }
}

extension Request {
  fileprivate var token: String? { uri.queryParameters["token"].map(String.init) }

  fileprivate var bearer: String? {
    headers[.authorization].flatMap { $0.hasPrefix("Bearer ") ? String($0.dropFirst("Bearer ".count)) : nil }
  }

  fileprivate var cookie: String? {
    (headers[values: .cookie].flatMap { $0.split(separator: ";") }).lazy
      .map { $0.drop { $0 == " " } }.first { $0.hasPrefix("\(Admission.cookie)=") }
      .map { String($0.dropFirst(Admission.cookie.count + 1)) }
  }
}
