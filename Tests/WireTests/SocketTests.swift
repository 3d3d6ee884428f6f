import Foundation
import Testing
import Wire

@Suite("Sockets over ipc")
struct SocketTests {
  private let soon = ContinuousClock.now + .seconds(20)

  @Test func `carry messages in order`() throws {
    let link = try Link()
    for number in 0..<3 { #expect(try link.send("message \(number)")) }
    for number in 0..<3 { #expect(try link.receive(until: soon) == "message \(number)") }
    #expect(try link.receive(until: .now) == nil)
  }

  @Test func `refuse rather than drop or wait when the queues are full, and take more once there is room`()
    throws
  {
    let link = try Link(queueLength: 1)
    let large = String(repeating: "x", count: 1 << 20)
    var sent = 0
    while try link.send(large) { sent += 1 }
    // Both queues and the kernel's buffers hold a few.
    #expect((1..<16).contains(sent))
    for _ in 0..<sent { #expect(try link.receive(until: soon)?.utf8.count == 1 << 20) }
    // The receiver's word that there is room comes back by way of the I/O thread.
    #expect(try link.hasRoom(until: soon))
    #expect(try link.send(large))
  }

  @Test func `waiting for a message ends at the deadline`() throws {
    let link = try Link()
    let start = ContinuousClock.now
    #expect(try link.receive(until: start + .milliseconds(50)) == nil)
    #expect(ContinuousClock.now >= start + .milliseconds(50))
  }

  @Test func `tell of a peer that is gone, after what it sent has arrived`() throws {
    let link = try Link()
    #expect(try link.send("last words"))
    #expect(try link.receive(until: soon) == "last words")
    #expect(try !link.receiverSawDisconnect(until: .now))
    link.closeSender()
    #expect(try link.receiverSawDisconnect(until: soon))
  }

  @Test func `disconnect a peer that sends too much`() throws {
    let link = try Link(maximumMessageSize: 100)
    #expect(try link.send(String(repeating: "x", count: 101)))
    #expect(try link.receiverSawDisconnect(until: soon))
    #expect(try link.receive(until: .now) == nil)
  }

  @Test func `refuse users that were not named`() throws {
    let link = try Link(acceptedUser: getuid() + 1)
    #expect(try link.send("from a stranger"))
    #expect(try link.senderSawDisconnect(until: soon))
    #expect(try link.receive(until: .now) == nil)
  }

  @Test func `a path too long for the kernel is refused with its length`() {
    let path = "/tmp/" + String(repeating: "p", count: 103)
    #expect(throws: WireError(call: "ipc", subject: "\(path), 108 bytes of at most 107", code: ENAMETOOLONG))
    {
      try Endpoint.ipc(path: path)
    }
    #expect(throws: Never.self) { try Endpoint.ipc(path: String(path.dropLast())) }
  }

  @Test func `a folder that does not exist cannot be listened in`() throws {
    let context = try Context()
    let socket = try Socket(.pull, in: context)
    #expect(throws: WireError.self) { try socket.bind(to: .ipc(path: "/tmp/no such folder/socket")) }
  }
}
