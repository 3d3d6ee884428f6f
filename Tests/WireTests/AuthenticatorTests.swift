import Testing

@testable import Wire

@Suite("Admission over tcp")
struct AuthenticatorTests {
  private static let credentials = Credentials(name: "door", password: String(repeating: "s", count: 64))
  private let soon = ContinuousClock.now + .seconds(20)

  @Test
  func `the right secret is let in, and a wrong name, a wrong secret, a part of it or none are refused`()
    throws
  {
    let listener = try Listener(.plainServer, admitting: .credentials(Self.credentials))
    #expect(try listener.knock(as: .plainClient(Self.credentials), until: soon) == .handshakeSucceeded)
    for (name, password) in [
      ("door", String(repeating: "s", count: 63) + "t"), ("door", "s"), ("room", Self.credentials.password),
      (Self.credentials.password, "door"),
      ("door", Self.credentials.password + "s"),
    ] {
      let wrong = SocketSecurity.plainClient(Credentials(name: name, password: password))
      #expect(try listener.knock(as: wrong, until: soon) == .handshakeFailed(.refused), "\(name) \(password)")
    }
  }

  @Test func `a key on the list is let in, any other refused`() throws {
    let server = try KeyPair()
    let clients = [try KeyPair(), try KeyPair()]
    let listener = try Listener(.curveServer(server), admitting: .keys(clients.map(\.publicKey)))
    for client in clients {
      let knock = SocketSecurity.curveClient(client, server: server.publicKey)
      #expect(try listener.knock(as: knock, until: soon) == .handshakeSucceeded)
    }
    let stranger = SocketSecurity.curveClient(try KeyPair(), server: server.publicKey)
    #expect(try listener.knock(as: stranger, until: soon) == .handshakeFailed(.refused))
  }

  @Test func `without an authenticator ZeroMQ lets every key in, which is why a wrong one is tried`() throws {
    let server = try KeyPair()
    let listener = try Listener(.curveServer(server), admitting: nil)
    let stranger = SocketSecurity.curveClient(try KeyPair(), server: server.publicKey)
    #expect(try listener.knock(as: stranger, until: soon) == .handshakeSucceeded)
  }

  @Test func `a client of another mechanism or of none, or who expects another server, gets nothing across`()
    throws
  {
    let server = try KeyPair()
    let client = try KeyPair()
    let curve = try Listener(.curveServer(server), admitting: .keys([client.publicKey]))
    let plain = try Listener(.plainServer, admitting: .credentials(Self.credentials))
    for (listener, security) in [
      (curve, nil), (plain, nil), (curve, .plainClient(Self.credentials)),
      (plain, .curveClient(client, server: server.publicKey)),
      (curve, .curveClient(client, server: client.publicKey)),
    ] as [(Listener, SocketSecurity?)] {
      let answer = try listener.knock(as: security, until: soon, sending: "words")
      #expect(answer != .handshakeSucceeded && answer != nil)
      #expect(try listener.nothingArrived())
    }
  }

  @Test func `once it admits nobody, the right secret is refused too, and who is in goes on`() throws {
    let listener = try Listener(.plainServer, admitting: .credentials(Self.credentials))
    let guest = try listener.guest(as: .plainClient(Self.credentials))
    #expect(try guest.monitor.waits(until: soon) { $0 == .handshakeSucceeded })
    listener.authenticator?.admitNobody()
    #expect(try listener.knock(as: .plainClient(Self.credentials), until: soon) == .handshakeFailed(.refused))
    try guest.send("still here")
    #expect(try listener.receive(until: soon) == "still here")
  }

  @Test func `proofs of any number, kind and length that are not the wanted ones are refused`() throws {
    let password = Array(Self.credentials.password.utf8)
    let key = try KeyPair().publicKey
    let secret = PeerAdmission.credentials(Self.credentials)
    let plain = Array("PLAIN".utf8)
    let curve = Array("CURVE".utf8)
    let name = Array("door".utf8)
    #expect(secret.admits(plain, [name, password]))
    #expect(PeerAdmission.keys([key]).admits(curve, [key.bytes]))
    let wrong: [(PeerAdmission, [UInt8], ArraySlice<[UInt8]>)] = [
      (secret, curve, [name, password]), (secret, plain, []), (secret, plain, [password]),
      (secret, plain, [name, password, []]), (secret, plain, [[], []]), (secret, [], [name, password]),
      (secret, plain, [name, Array(repeating: 0, count: 1 << 16)]), (secret, plain, [password, name]),
      (.keys([key]), plain, [key.bytes]), (.keys([key]), curve, []), (.keys([]), curve, [key.bytes]),
      (.keys([key]), curve, [Array(key.bytes.dropLast())]), (.keys([key]), curve, [key.bytes, key.bytes]),
      (.keys([key]), curve, [key.bytes.map { $0 ^ 0x80 }]), (.keys([key]), curve, [[]]),
    ]
    for (admission, mechanism, proofs) in wrong { #expect(!admission.admits(mechanism, proofs)) }
  }

  @Test func `keys are read back from their text, and no other text is one`() throws {
    let keys = try KeyPair()
    #expect(KeyPair(secretText: keys.secretText)?.publicKey == keys.publicKey)
    #expect(PublicKey(keys.publicKey.text) == keys.publicKey)
    for text in [
      "", String(keys.publicKey.text.dropLast()), keys.publicKey.text + "0",
      String(repeating: "\"", count: 40),
    ] {
      #expect(PublicKey(text) == nil && KeyPair(secretText: text) == nil)
    }
  }
}
