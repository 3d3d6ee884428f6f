internal import CZeroMQ
internal import Glibc

/// What a ``Socket/Kind/router`` says to one of many, and hears from it.
extension Socket {
  /// The name that ZeroMQ gives one connection of a router; a peer that connects anew has another one.
  public struct Peer: Hashable, Sendable {
    let name: [UInt8]

    package init(name: [UInt8]) { self.name = name }
  }

  /// What a router has received.
  public struct Letter {
    /// Who has sent it.
    public let peer: Peer
    /// The sender's address, as the kernel tells it.
    public let address: IPAddress?
    /// What was sent.
    public let bytes: [UInt8]
  }

  /// The next message of a router; nil when none has arrived.
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

  /// Queues a message for one peer; false where it is gone, or takes nothing any more.
  public func trySend(_ bytes: [UInt8], to peer: Peer) throws(WireError) -> Bool {
    guard try send(peer.name, ZMQ_SNDMORE) else { return false }
    return try send(bytes, 0)
  }

  /// Queues a message for the router; false where the queue is full.
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
