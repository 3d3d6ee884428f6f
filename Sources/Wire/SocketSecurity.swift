internal import CZeroMQ

/// A name and a password, as sent by PLAIN: readable on the wire.
public struct Credentials: Equatable, Sendable {
  /// At most 255 bytes.
  public let name: String
  /// At most 255 bytes.
  public let password: String

  /// Makes credentials.
  public init(name: String, password: String) {
    self.name = name
    self.password = password
  }
}

/// A socket's security mechanism and its side of it.
public enum SocketSecurity: Sendable {
  /// Asks the context's ``Authenticator`` about the credentials of peers.
  case plainServer
  /// Sends credentials to the peer it connects to.
  case plainClient(Credentials)
  /// Encrypts, and asks the context's ``Authenticator`` about the keys of peers.
  ///
  /// Without an authenticator ZeroMQ admits every key: check that a wrong one is refused.
  case curveServer(KeyPair)
  /// Encrypts, and connects only to the owner of a key.
  case curveClient(KeyPair, server: PublicKey)
}

extension Socket {
  /// Sets the mechanism. Call it before binding or connecting.
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

/// A CURVE public key.
public struct PublicKey: Equatable, Sendable {
  /// 40 characters of Z85.
  public let text: String
  let bytes: [UInt8]

  /// Parses 40 characters of Z85; nil for anything else.
  public init?(_ text: String) {
    var bytes = [UInt8](repeating: 0, count: KeyPair.byteCount)
    guard text.utf8.count == KeyPair.textLength, zmq_z85_decode(&bytes, text) != nil else { return nil }
    self.text = text
    self.bytes = bytes
  }
}

/// A CURVE key pair.
public struct KeyPair: Sendable {
  /// The public half.
  public let publicKey: PublicKey
  /// The secret half: 40 characters of Z85.
  public let secretText: String

  static let byteCount = 32
  static let textLength = 40

  /// Makes a new pair from the system's random numbers.
  public init() throws(WireError) {
    var publicText = [CChar](repeating: 0, count: Self.textLength + 1)
    var secretText = publicText
    guard zmq_curve_keypair(&publicText, &secretText) == 0 else { throw .last("zmq_curve_keypair", on: "") }
    guard let publicKey = PublicKey(String(terminated: publicText)) else {
      throw WireError(call: "zmq_curve_keypair", subject: "its public key", code: EINVAL)
    }
    self.publicKey = publicKey
    self.secretText = String(terminated: secretText)
  }

  /// Makes the pair of a secret half; nil if it is not valid.
  public init?(secretText: String) {
    var publicText = [CChar](repeating: 0, count: Self.textLength + 1)
    guard secretText.utf8.count == Self.textLength, zmq_curve_public(&publicText, secretText) == 0,
      let publicKey = PublicKey(String(terminated: publicText))
    else { return nil }
    self.publicKey = publicKey
    self.secretText = secretText
  }
}

extension KeyPair {
  /// Makes the pair whose secret half is 64 hexadecimal digits; nil for anything else.
  public init?(hexadecimal text: String) {
    let digits = text.utf8.map(UInt8.init(hexadecimal:))
    guard digits.count == 2 * Self.byteCount, !digits.contains(nil) else { return nil }
    let values = digits.compactMap(\.self)
    let bytes = stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
    var secretText = [CChar](repeating: 0, count: Self.textLength + 1)
    guard zmq_z85_encode(&secretText, bytes, bytes.count) != nil else { return nil }
    self.init(secretText: String(terminated: secretText))
  }
}

extension UInt8 {
  /// The value of a hexadecimal digit.
  fileprivate init?(hexadecimal digit: UInt8) {
    guard let value = Character(UnicodeScalar(digit)).hexDigitValue else { return nil }
    self = UInt8(value)
  }
}

extension String {
  init(terminated text: [CChar]) {
    self.init(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
