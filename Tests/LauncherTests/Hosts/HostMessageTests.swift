import Recipe
import Testing
import Wire
import WorkerLink

@testable import Launcher

@Suite struct HostMessageTests {
  @Test(arguments: [
    Ending.exited(3), .killed(9), .notStarted("no", .inputOutput), .stuck,
    .withoutHost(HostFault(of: [1], .lost, reason: "host 1 was not heard")),
  ])
  func `an end travels as it is`(ending: Ending) throws {
    let facts = WorkerFacts(process: 7, lastLines: ["a", "ü"], logPath: "/l", phase: "forward")
    let bytes = HostWire.bytes(of: HostMessage.ended(attempt: 2, rank: 5, ending, facts))
    let message = try #require(HostWire.message(HostMessage.self, bytes))
    guard case .ended(2, 5, ending, facts) = message else {
      Issue.record("\(message)")
      return
    }
  }

  @Test func `a worker that hangs is told of with its place`() throws {
    var state = WorkerStatus()
    (state.phase, state.epoch, state.step) = (.forward, 3, 17)
    let hang = Hang(RankView(rank: 2, state: state, updates: 1, isStopped: true), at: 5)
    let bytes = HostWire.bytes(of: HostMessage.hung([hang]))
    guard case .hung([hang])? = HostWire.message(HostMessage.self, bytes) else {
      Issue.record("another one")
      return
    }
  }

  @Test func `what a host said before it dialled anew is heard before it joins`() {
    let (old, new) = (Socket.Peer(name: [1]), Socket.Peer(name: [2]))
    let host = HostDescription(
      host: 1, hosts: 2, workers: 1, version: "1", recipe: nil, run: nil, name: "n", launcher: 1, boot: "b",
      address: "10.0.0.2", dialled: "10.0.0.1")
    let end = HostMessage.ended(attempt: 0, rank: 1, .exited(0), nil)
    // As two connections are read in turns.
    let messages = HostStar.joinsLast([(old, .beat([])), (new, .join(host)), (old, end)])
    #expect(messages.map(\.peer) == [old, old, new])
    guard case .ended = messages[1].message, case .join = messages[2].message else {
      Issue.record("\(messages)")
      return
    }
  }

  @Test(arguments: ["", "{}", "null", #"{"join":{}}"#, #"{"launch":{"rank":"x"}}"#, "\u{0}\u{1}"])
  func `what is no message is none`(text: String) {
    #expect(HostWire.message(HostMessage.self, Array(text.utf8)) == nil)
    #expect(HostWire.message(HostOrder.self, Array(text.utf8)) == nil)
  }
}
