import Testing

@testable import Launcher

/// Ranks that end without their host.
@Suite struct FleetHostTests {
  private func fleet(restarts: Int = 0) -> Fleet {
    Fleet(size: 4, grace: .seconds(30), restarts: Restarts(.init(count: restarts)))
  }

  private func running(_ fleet: inout Fleet) {
    _ = fleet.handle(.begun)
    for rank in 0..<4 { _ = fleet.handle(.launched(rank: rank)) }
  }

  private func fault(_ kind: HostFault.Kind) -> Ending {
    .withoutHost(HostFault(of: [1], kind, reason: "host 1 is not there"))
  }

  @Test func `a host that is lost gives place to the witnesses' first words`() {
    var fleet = fleet(restarts: 1)
    running(&fleet)
    _ = fleet.handle(.ended(rank: 0, .lostPeer, at: .seconds(5)))
    for rank in 2..<4 { _ = fleet.handle(.ended(rank: rank, fault(.lost), at: .seconds(6))) }
    let actions = fleet.handle(.ended(rank: 1, .killed(15), at: .seconds(6)))
    guard case .retry(let outcome, _, 1)? = actions.last else {
      Issue.record("\(actions)")
      return
    }
    #expect(outcome.firstFailure == 2)
  }

  @Test(arguments: [(HostFault.Kind.refused, 78), (.late, 78), (.missing, 70)])
  func `a host that does not come ends the run before a worker is started`(kind: HostFault.Kind, status: Int)
  {
    var fleet = fleet(restarts: 3)
    let actions = fleet.handle(.ended(rank: 2, fault(kind), at: .seconds(600)))
    guard case .finish(let outcome)? = actions.last, actions.count == 1 else {
      Issue.record("\(actions)")
      return
    }
    #expect(outcome.exitStatus == CInt(status) && outcome.firstFailure == 2)
    #expect(outcome.ends.filter { $0.rank != 2 && !$0.stoppedByLauncher }.isEmpty)
  }

  @Test func `a stop while hosts are waited for ends the run`() {
    var fleet = fleet()
    let actions = fleet.handle(.stopRequested(.terminate, at: .seconds(1)))
    guard case .finish(let outcome)? = actions.last, actions.count == 1 else {
      Issue.record("\(actions)")
      return
    }
    #expect(outcome.exitStatus == 143 && outcome.firstFailure == nil)
  }
}
