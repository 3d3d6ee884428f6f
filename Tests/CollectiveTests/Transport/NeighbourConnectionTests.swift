import Testing
import Wire

@testable import Collective

@Suite("A neighbour's connection among strangers'")
struct NeighbourConnectionTests {
  @Test func `a stranger who comes, fails and goes is no loss, whenever it is`() {
    var connection = NeighbourConnection()
    connection.note([.accepted(descriptor: 5), .handshakeFailed(.refused), .disconnected(descriptor: 5)])
    connection.note([.accepted(descriptor: 5), .accepted(descriptor: 6), .handshakeSucceeded])
    connection.note([.handshakeFailed(.broken), .disconnected(descriptor: 5)])
    #expect(!connection.isLost)
    connection.heard(from: 6)
    connection.note([.accepted(descriptor: 7), .disconnected(descriptor: 7)])
    #expect(!connection.isLost)
    connection.note([.disconnected(descriptor: 6)])
    #expect(connection.isLost)
  }

  @Test
  func
    `a neighbour gone before its first message was read is a loss: at once if heard of, else when all are gone`()
  {
    var heard = NeighbourConnection()
    heard.note([
      .accepted(descriptor: 5), .handshakeSucceeded, .accepted(descriptor: 6), .disconnected(descriptor: 5),
    ])
    #expect(!heard.isLost)
    heard.heard(from: 5)
    heard.note([])
    #expect(heard.isLost)

    var unheard = NeighbourConnection()
    unheard.note([
      .accepted(descriptor: 5), .handshakeSucceeded, .accepted(descriptor: 6), .disconnected(descriptor: 5),
    ])
    #expect(!unheard.isLost)
    unheard.note([.disconnected(descriptor: 6)])
    #expect(unheard.isLost)
  }

  @Test
  func
    `a stranger who had the neighbour's number before is not the neighbour, though a message was read first`()
  {
    var connection = NeighbourConnection()
    connection.heard(from: 5)
    connection.note(
      [.accepted(descriptor: 5), .handshakeFailed(.broken), .disconnected(descriptor: 5)] + [
        .accepted(descriptor: 5), .handshakeSucceeded,
      ])
    #expect(!connection.isLost)
    connection.note([.disconnected(descriptor: 5)])
    #expect(connection.isLost)
  }

  @Test func `a loss stays one, though ZeroMQ connects again`() {
    var connection = NeighbourConnection()
    connection.note([.connected(descriptor: 5), .disconnected(descriptor: 5)])
    #expect(!connection.isLost, "nobody had been there yet")
    connection.note([.connected(descriptor: 5), .handshakeSucceeded, .disconnected(descriptor: 5)])
    connection.note([.connected(descriptor: 5), .handshakeSucceeded])
    #expect(connection.isLost)
  }

  @Test func `without a word from ZeroMQ on where a message came from, the rest still holds`() {
    var connection = NeighbourConnection()
    connection.note([.accepted(descriptor: 5), .handshakeSucceeded])
    connection.heard(from: nil)
    #expect(!connection.isLost)
    connection.note([.disconnected(descriptor: 5)])
    #expect(connection.isLost)
  }
}

extension NeighbourConnection {
  fileprivate mutating func note(_ events: [ConnectionEvent]) {
    for event in events { note(event) }
    settle()
  }
}
