import Glibc
import Testing

@testable import Wire

/// One router and the dealers that come to it, over a port of this machine.
@Suite struct PeerTests {
  private let context: Context
  private let soon = ContinuousClock.now + .seconds(20)

  init() throws { context = try Context() }

  @Test func `a router answers each that has spoken, and tells who is gone`() throws {
    let router = try Socket(.router, in: context)
    try router.bind(to: .tcp(try #require(IPAddress("127.0.0.1")), port: nil))
    let port = try router.boundPort()
    var first = try Socket(.dealer, in: context)
    let second = try Socket(.dealer, in: context)
    try first.connect(to: .tcp(host: "127.0.0.1", port: port))
    try second.connect(to: .tcp(host: "localhost", port: port))
    #expect(try first.trySend([1]) && second.trySend([2]))
    var peers: [UInt8: Socket.Peer] = [:]
    while peers.count < 2 {
      #expect(try PollItem.wait(for: [router.pollItem(.readable)], until: soon))
      while let letter = try router.tryReceiveLetter() {
        #expect(letter.address?.description == "127.0.0.1")
        peers[try #require(letter.bytes.first)] = letter.peer
      }
    }
    let (one, two) = (try #require(peers[1]), try #require(peers[2]))
    #expect(try router.trySend([10], to: one) && router.trySend([20], to: two))
    for (answer, message) in [(UInt8(10), try received(first)), (20, try received(second))] {
      #expect(Array(message.bytes) == [answer])
    }
    first.close()
    while try router.trySend([11], to: one) {
      #expect(ContinuousClock.now < soon)
      sched_yield()
    }
    #expect(try router.trySend([21], to: two))
  }

  private func received(_ socket: borrowing Socket) throws -> Message {
    let message = Message()
    #expect(try socket.receive(into: message, until: soon))
    return message
  }

  @Test func `news is told on a descriptor, or is there already`() throws {
    let router = try Socket(.router, in: context)
    try router.bind(to: .tcp(try #require(IPAddress("127.0.0.1")), port: nil))
    let dealer = try Socket(.dealer, in: context)
    try dealer.connect(to: .tcp(host: "127.0.0.1", port: try router.boundPort()))
    let early = router.hasInput
    #expect(!early)
    #expect(try dealer.trySend([1]))
    while !router.hasInput {
      var entry = pollfd(fd: router.descriptor, events: Int16(POLLIN), revents: 0)
      try #require(poll(&entry, 1, 20_000) > 0)
    }
    #expect(try router.tryReceiveLetter()?.bytes == [1])
    let late = router.hasInput
    #expect(!late)
  }

  @Test func `a key may be written in hexadecimal digits`() throws {
    let text = String(repeating: "0f", count: 31) + "A1"
    let pair = try #require(KeyPair(hexadecimal: text))
    #expect(pair.publicKey == KeyPair(hexadecimal: text.lowercased())?.publicKey)
    #expect(pair.publicKey != KeyPair(hexadecimal: String(repeating: "0f", count: 32))?.publicKey)
    for wrong in ["", String(text.dropLast()), text + "0", String(text.dropLast()) + "g", text + "00"] {
      #expect(KeyPair(hexadecimal: wrong) == nil, "\(wrong)")
    }
  }
}
