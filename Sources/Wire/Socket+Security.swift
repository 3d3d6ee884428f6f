internal import CZeroMQ

/// A name and a password, as PLAIN sends them: readable on the wire.
public struct Credentials: Equatable, Sendable {
  /// At most 255 bytes.
  public let name: String
  /// At most 255 bytes.
  public let password: String

  /// Makes a pair.
  public init(name: String, password: String) {
    self.name = name
    self.password = password
  }
}

/// Which side of which mechanism a socket is on.
public enum SocketSecurity: Sendable {
  /// Asks the context's ``Authenticator`` about the credentials of whoever connects.
  case plainServer
  /// Shows credentials to whomever it connects to.
  case plainClient(Credentials)
  /// Encrypts, and asks the context's ``Authenticator`` about the key of whoever connects.
  ///
  /// Without an authenticator ZeroMQ admits every key: check that a wrong one is refused.
  case curveServer(KeyPair)
  /// Encrypts, and connects to nobody but the owner of a key.
  case curveClient(KeyPair, server: PublicKey)
}

extension Socket {
  /// Sets who may be spoken to. Before binding or connecting.
  public func secure(as security: SocketSecurity) throws(WireError) {
    switch security {
    case .plainServer:
      try set(ZMQ_PLAIN_SERVER, to: Int32(1), named: "PLAIN_SERVER")
      try set(ZMQ_ZAP_DOMAIN, to: Authenticator.domain, named: "ZAP_DOMAIN")
    case .plainClient(let credentials):
      try set(ZMQ_PLAIN_USERNAME, to: credentials.name, named: "PLAIN_USERNAME")
      try set(ZMQ_PLAIN_PASSWORD, to: credentials.password, named: "PLAIN_PASSWORD")
    case .curveServer(let keys):
      try set(ZMQ_CURVE_SERVER, to: Int32(1), named: "CURVE_SERVER")
      try set(ZMQ_ZAP_DOMAIN, to: Authenticator.domain, named: "ZAP_DOMAIN")
      try set(ZMQ_CURVE_SECRETKEY, to: keys.secretText, named: "CURVE_SECRETKEY")
    case .curveClient(let keys, let server):
      try set(ZMQ_CURVE_SERVERKEY, to: server.text, named: "CURVE_SERVERKEY")
      try set(ZMQ_CURVE_PUBLICKEY, to: keys.publicKey.text, named: "CURVE_PUBLICKEY")
      try set(ZMQ_CURVE_SECRETKEY, to: keys.secretText, named: "CURVE_SECRETKEY")
    }
  }
}
