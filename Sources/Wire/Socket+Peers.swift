internal import CZeroMQ
internal import Glibc

/// Messages between a ``Socket/Kind/router`` and its many peers.
extension Socket {
  /// ZeroMQ's name for one connection of a router; a peer that reconnects has another one.
  public struct Peer: Hashable, Sendable {
    let name: [UInt8]

    package init(name: [UInt8]) { self.name = name }
  }

  /// A message received by a router.
  public struct Letter {
    /// The sender.
    public let peer: Peer
    /// The sender's address, from the kernel.
    public let address: IPAddress?
    /// The message's content.
    public let bytes: [UInt8]
  }

  /// Receives a router's next message; nil if none has arrived.
  public func tryReceiveLetter() throws(WireError) -> Letter? {
    let part = Message()
    guard try tryReceive(into: part) else { return nil }
    let peer = Peer(name: Array(part.bytes))
    var bytes: [UInt8] = []
    while part.hasMore {
      guard try tryReceive(into: part) else { break }
      bytes = Array(part.bytes)
    }
    let address = zmq_msg_gets(part.storage, "Peer-Address").map { String(cString: $0) }
    return Letter(peer: peer, address: address.flatMap(IPAddress.init)?.unmapped, bytes: bytes)
  }

  /// Queues a message for one peer; returns false if it is gone, or its queue is full.
  public func trySend(_ bytes: [UInt8], to peer: Peer) throws(WireError) -> Bool {
    guard try send(peer.name, ZMQ_SNDMORE) else { return false }
    return try send(bytes, 0)
  }

  /// Queues a message for the router; returns false if the queue is full.
  public func trySend(_ bytes: [UInt8]) throws(WireError) -> Bool { try send(bytes, 0) }

  private func send(_ bytes: [UInt8], _ flags: Int32) throws(WireError) -> Bool {
    while zmq_send(handle, bytes, bytes.count, flags | ZMQ_DONTWAIT) < 0 {
      switch zmq_errno() {
      case EINTR: continue
      case EAGAIN, EHOSTUNREACH: return false
      default: throw .last("zmq_send", on: "\(bytes.count) bytes")
      }
    }
    return true
  }
}
