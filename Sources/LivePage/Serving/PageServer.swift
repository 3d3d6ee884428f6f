import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// The HTTP server, with limits on connections and on what each may send.
enum PageServer {
  /// The most connections at once; more wait.
  private static let mostConnections = 200
  /// How long a connection may stay without a complete request before it is closed.
  private static let idleTime = TimeAmount.seconds(20)

  /// Serves until the task is cancelled.
  ///
  /// - Parameter isServed: Called with the port once the server listens.
  static func run(
    _ responder: PageResponder, at address: PageAddress, isServed: @escaping @Sendable (Int) -> Void
  ) async throws {
    let logger = Logger(label: "twins-page") { _ in SwiftLogNoOpLogHandler() }
    let limits = HTTP1Channel.Configuration.DecoderConfiguration(
      maxHeaderFieldSize: 8192, maxHeaderListSize: 16_384, maxHeaderFieldCount: 100)
    let server = try HTTPServerBuilder.http1(
      configuration: HTTP1Channel.Configuration(idleTimeout: idleTime, httpDecoderConfiguration: limits)
    ).buildServer(
      configuration: ServerConfiguration(
        address: .hostname(address.host, port: address.port),
        availableConnectionsDelegate: MaximumAvailableConnections(mostConnections, logger: logger)),
      eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger,
      responder: { request, writer, channel in
        try await responder.respond(to: request, by: writer, on: channel)
      },
      onServerRunning: { channel in isServed(channel.localAddress?.port ?? address.port) })
    try await server.run()
  }
}
