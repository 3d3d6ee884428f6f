import FoundationEssentials
import Glibc
import Recipe
import RunControl
import System
import Wire

/// Host 0's end of the star: the socket to which all other hosts' launchers connect.
final class HostStar {
  private let context: Context
  private var socket: Socket
  private var monitor: ConnectionMonitor
  /// The address of the last caller.
  private var caller: IPAddress?
  /// Authenticates peers that have the key; nil without one.
  private let authenticator: Authenticator?

  /// How long sending the last messages may take.
  private static let lastWords = Duration.seconds(2)

  /// Listens at the meeting point; where that is a name, which may resolve only later, on all addresses of
  /// this host.
  init(at meeting: MeetingPoint, key: RendezvousKey?) throws(LaunchError) {
    let address = IPAddress(meeting.host)
    if key == nil, let address, !Self.isTrusted(address) { throw Self.openToAll(meeting) }
    do {
      context = try Context()
      socket = try Socket(.router, in: context)
      if let key {
        authenticator = try Authenticator(admitting: .keys([key.keys.publicKey]), in: context)
        try socket.secure(as: .curveServer(key.keys))
      } else {
        authenticator = nil
      }
      if address?.isVersion6 ?? true { try socket.allowVersion6() }
      try socket.setMaximumMessageSize(HostWire.longestMessage)
      try socket.setHandshakeLimit(.seconds(5))
      try socket.setLinger(Self.lastWords)
      monitor = try ConnectionMonitor(of: socket, in: context)
      try socket.bind(
        to: address.map { .tcp($0, port: meeting.port) } ?? .tcpEverywhere(port: meeting.port))
    } catch {
      throw Self.refusal(meeting, error)
    }
    isOpen = key == nil
  }

  /// Whether anybody in the network may come.
  private let isOpen: Bool

  /// Whether to accept the address without a key: only addresses local to a site, where the workers' messages
  /// are unencrypted too.
  static func isTrusted(_ address: IPAddress) -> Bool { address.isLoopback || address.isPrivate }

  var descriptors: [CInt] { [socket.descriptor, monitor.descriptor] }
  var hasInput: Bool { socket.hasInput || monitor.hasInput }

  /// A refused peer that is none of the run's launchers: one with another key, or with a key where this host
  /// has none.
  struct Refusal {
    /// The peer's likely address; nil where the connection was closed before it was looked at.
    let address: IPAddress?
  }

  func nextRefusal() throws(WireError) -> Refusal? {
    while let event = try monitor.next() {
      switch event {
      case .accepted(let descriptor): caller = IPAddress(farEndOf: descriptor)?.unmapped
      case .handshakeFailed: return Refusal(address: caller)
      default: break
      }
    }
    return nil
  }

  /// All messages that have come, in the order to take them in.
  func takeMessages() throws(WireError) -> [(peer: Socket.Peer, message: HostMessage)] {
    var messages: [(Socket.Peer, HostMessage)] = []
    while let letter = try socket.tryReceiveLetter() {
      if isOpen, !(letter.address.map(Self.isTrusted) ?? false) { continue }
      if let message = HostWire.message(HostMessage.self, letter.bytes) {
        messages.append((letter.peer, message))
      }
    }
    return Self.joinsLast(messages)
  }

  /// Moves messages of joining hosts behind all others.
  ///
  /// Connections are read in turns, so a host that dials again could be heard before the last messages on its
  /// previous connection.
  static func joinsLast(
    _ messages: [(peer: Socket.Peer, message: HostMessage)]
  ) -> [(peer: Socket.Peer, message: HostMessage)] {
    func isJoin(_ message: HostMessage) -> Bool { if case .join = message { true } else { false } }
    return messages.filter { !isJoin($0.message) } + messages.filter { isJoin($0.message) }
  }

  /// Sends to one; false where it is gone.
  func send(_ order: HostOrder, to peer: Socket.Peer) -> Bool {
    (try? socket.trySend(HostWire.bytes(of: order), to: peer)) ?? false
  }

  /// Waits until these hosts have said farewell, or it is too late; those that come to join meanwhile are
  /// told the run's end.
  func awaitFarewells(of hosts: Set<Int>, told end: HostOrder, until deadline: ContinuousClock.Instant) {
    var staying = hosts
    while !staying.isEmpty, .now < deadline {
      waitBriefly(for: descriptors, isBusy: hasInput)
      do throws(WireError) {
        for (peer, message) in try takeMessages() {
          switch message {
          case .join: _ = send(end, to: peer)
          case .unable(let trouble):
            // It ends by itself, once it is heard.
            _ = send(end, to: peer)
            staying.remove(trouble.host)
          case .farewell(let host): staying.remove(host)
          default: break
          }
        }
        while try nextRefusal() != nil {}
      } catch {
        // Nobody can be heard any more.
        return
      }
    }
  }

  /// Ends, once the last words are out or their time is.
  func close() {
    monitor.close(watching: socket)
    socket.close()
    context.terminate()
  }
}

extension HostStar {
  static func openToAll(_ meeting: MeetingPoint) -> LaunchError {
    LaunchError(
      "\(meeting) is an address of the internet, and without a key whoever reaches it could take part. Make a key, copy it "
        + "to every host and name it by --rdzv-key-file: \(RendezvousKey.recipe)",
      exitStatus: .badConfiguration)
  }

  private static func refusal(_ meeting: MeetingPoint, _ error: WireError) -> LaunchError {
    switch error.code {
    case EADDRINUSE:
      LaunchError(
        "cannot meet the other hosts at \(meeting): another program listens at that port: likely another run, or another "
          + "launcher that is host 0 too. End it, give each host a number of its own, or all another port.",
        exitStatus: .badConfiguration)
    case EADDRNOTAVAIL:
      LaunchError(
        "cannot meet the other hosts at \(meeting): it is no address of this host, which is host 0. Give host 0's own "
          + "address, or --node-rank 0 to the host that has it.", exitStatus: .badConfiguration)
    default:
      LaunchError("cannot meet the other hosts at \(meeting): \(error)", exitStatus: .inputOutput)
    }
  }
}

/// Waits a moment for something to read.
func waitBriefly(for descriptors: [CInt], isBusy: Bool) {
  var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
  if !isBusy { poll(&entries, nfds_t(entries.count), 100) }
}
