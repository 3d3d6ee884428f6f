internal import CZeroMQ

/// What happened to one of a socket's connections, named by its descriptor where ZeroMQ tells it.
public enum ConnectionEvent: Equatable, Sendable {
  /// A connection that this socket asked for stands; the handshake comes next.
  case connected(descriptor: Int32)
  /// A peer's connection stands; the handshake comes next.
  case accepted(descriptor: Int32)
  /// A peer has shown that it may take part. ZeroMQ does not say on which connection.
  case handshakeSucceeded
  /// A handshake has ended without success. ZeroMQ does not say on which connection.
  case handshakeFailed(HandshakeFailure)
  /// A connection has ended.
  case disconnected(descriptor: Int32)

  /// Why a handshake failed.
  public enum HandshakeFailure: Sendable {
    /// The connection ended, or nothing came in time.
    case broken
    /// The peer spoke another protocol, or a mechanism that is not this side's.
    case protocolError
    /// Key or secret were not accepted.
    case refused
  }

  static let kinds =
    ZMQ_EVENT_CONNECTED | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED
    | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
    | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH

  /// The event in the first part of a monitor's message: a number of 16 bits and its value of 32.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 6 else { return nil }
    let value = bytes.loadUnaligned(fromByteOffset: 2, as: Int32.self)
    switch Int32(bytes.loadUnaligned(as: UInt16.self)) {
    case ZMQ_EVENT_CONNECTED: self = .connected(descriptor: value)
    case ZMQ_EVENT_ACCEPTED: self = .accepted(descriptor: value)
    case ZMQ_EVENT_DISCONNECTED: self = .disconnected(descriptor: value)
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: self = .handshakeSucceeded
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: self = .handshakeFailed(.broken)
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: self = .handshakeFailed(.protocolError)
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: self = .handshakeFailed(.refused)
    default: return nil
    }
  }
}
