internal import CZeroMQ

/// A CURVE public key.
public struct PublicKey: Equatable, Sendable {
  /// 40 characters of Z85.
  public let text: String
  let bytes: [UInt8]

  /// Reads 40 characters of Z85; nil for anything else.
  public init?(_ text: String) {
    var bytes = [UInt8](repeating: 0, count: KeyPair.byteCount)
    guard text.utf8.count == KeyPair.textLength, zmq_z85_decode(&bytes, text) != nil else { return nil }
    self.text = text
    self.bytes = bytes
  }
}

/// A CURVE key of one's own.
public struct KeyPair: Sendable {
  /// The half that peers know.
  public let publicKey: PublicKey
  /// The half that nobody else may know: 40 characters of Z85.
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

  /// The pair of a secret half; nil when that is none.
  public init?(secretText: String) {
    var publicText = [CChar](repeating: 0, count: Self.textLength + 1)
    guard secretText.utf8.count == Self.textLength, zmq_curve_public(&publicText, secretText) == 0,
      let publicKey = PublicKey(String(terminated: publicText))
    else { return nil }
    self.publicKey = publicKey
    self.secretText = secretText
  }
}

extension String {
  fileprivate init(terminated text: [CChar]) {
    self.init(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
