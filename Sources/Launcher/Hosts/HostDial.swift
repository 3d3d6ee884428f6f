import Glibc
import Recipe
import RunControl
import Wire

/// Another host's end of the star: its connection to host 0, which it renews after each loss.
final class HostDial {
  let meeting: MeetingPoint
  private let key: RendezvousKey?
  private let context: Context
  private var line: Line
  private var ends: (own: IPAddress, far: IPAddress)?
  private var isUp = false
  /// Whether it can hear nothing any more.
  private var isDeaf = false

  /// A socket and what tells of its connection.
  private struct Line: ~Copyable {
    var socket: Socket
    var monitor: ConnectionMonitor

    static func open(
      to meeting: MeetingPoint, _ key: RendezvousKey?, in context: Context
    ) throws(WireError) -> Line {
      let socket = try Socket(.dealer, in: context)
      try socket.allowVersion6()
      if let key { try socket.secure(as: .curveClient(key.keys, server: key.keys.publicKey)) }
      try socket.setMaximumMessageSize(HostWire.longestMessage)
      try socket.setReconnectInterval(.milliseconds(200))
      try socket.setLinger(.seconds(1))
      let monitor = try ConnectionMonitor(of: socket, in: context)
      try socket.connect(to: .tcp(host: meeting.host, port: meeting.port))
      return Line(socket: socket, monitor: monitor)
    }

    mutating func close() {
      monitor.close(watching: socket)
      socket.close()
    }
  }

  /// What happened to the connection, or arrived over it.
  enum News {
    /// Host 0 is connected, from the address `own` at the address `far`.
    case connected(own: IPAddress, far: IPAddress)
    case disconnected
    /// The peer does not accept this host. ZeroMQ keeps dialling, unless the peer speaks another protocol.
    case refused(isDialledOn: Bool)
    /// The peer closed a connection in the handshake, and it is not known why; ZeroMQ keeps dialling.
    case dropped
    case order(HostOrder)
  }

  /// Begins to dial, and goes on until it is answered; a name is looked up each time.
  init(_ meeting: MeetingPoint, key: RendezvousKey?) throws(LaunchError) {
    (self.meeting, self.key) = (meeting, key)
    do {
      context = try Context()
      line = try Line.open(to: meeting, key, in: context)
    } catch {
      throw Self.failure(meeting, error)
    }
  }

  var descriptors: [CInt] { isDeaf ? [] : [line.socket.descriptor, line.monitor.descriptor] }
  var hasInput: Bool { !isDeaf && (line.socket.hasInput || line.monitor.hasInput) }

  /// Returns the oldest news; a loss follows everything that arrived before it. Throws once, if the socket has failed.
  func next() throws(LaunchError) -> News? {
    if isDeaf { return nil }
    do throws(WireError) {
      return try nextHeard()
    } catch {
      isDeaf = true
      throw LaunchError(
        "host 0 at \(meeting) cannot be heard any more: \(error). Likely this machine is short of something, as of memory; "
          + "`dmesg` may say more", exitStatus: .inputOutput)
    }
  }

  private func nextHeard() throws(WireError) -> News? {
    while let bytes = try receive() {
      if let order = HostWire.message(HostOrder.self, bytes) { return .order(order) }
    }
    while let event = try line.monitor.next() {
      switch event {
      case .connected(let descriptor):
        if let own = IPAddress(localEndOf: descriptor), let far = IPAddress(farEndOf: descriptor) {
          ends = (own.unmapped, far.unmapped)
        }
      case .handshakeSucceeded:
        if let ends {
          isUp = true
          return .connected(own: ends.own, far: ends.far)
        }
      // A key that is not accepted shows in nothing else.
      case .handshakeFailed(.broken): return key != nil ? .refused(isDialledOn: true) : .dropped
      case .handshakeFailed: return .refused(isDialledOn: false)
      // One that never shook hands is dialled again by itself.
      case .disconnected: if isUp { return .disconnected }
      case .accepted: break
      }
    }
    return nil
  }

  private func receive() throws(WireError) -> [UInt8]? {
    let message = Message()
    guard try line.socket.tryReceive(into: message) else { return nil }
    return Array(message.bytes)
  }

  /// Whether messages to the address stay within a site, or are encrypted.
  func mayTalk(to address: IPAddress) -> Bool { key != nil || HostStar.isTrusted(address) }

  func send(_ message: HostMessage) { _ = try? line.socket.trySend(HostWire.bytes(of: message)) }

  /// Closes the connection and dials again; undelivered messages must not reach the next host 0.
  func redial() throws(LaunchError) {
    line.close()
    (ends, isUp) = (nil, false)
    do {
      line = try Line.open(to: meeting, key, in: context)
    } catch {
      throw Self.failure(meeting, error)
    }
  }

  func close() {
    line.close()
    context.terminate()
  }

  private static func failure(_ meeting: MeetingPoint, _ error: WireError) -> LaunchError {
    LaunchError("cannot dial host 0 at \(meeting): \(error)", exitStatus: .inputOutput)
  }
}
