import Glibc
import TestSupport
import Testing
import Wire

@testable import Collective

@Suite("Faults between hosts")
struct HostFaultTests {
  /// What each rank of 2 × 3 ended with, by rank; `body` gives the odd one's part, and is told whether it is its.
  private func errors(
    odd: Int, fault: LoopbackEngine.Fault? = nil, timeouts: RingGroup.Timeouts = .short,
    _ body: @escaping @Sendable (HostsGroup, _ isOdd: Bool) throws(CollectiveError) -> Void
  ) throws -> [CollectiveError?] {
    let meeting = try TestHosts(2, of: 3)
    return onRanks(6) { rank throws(CollectiveError) in
      let group = try meeting.group(rank, timeouts: timeouts, fault: rank == odd ? fault : nil)
      try body(group, rank == odd)
    }.map(\.error)
  }

  @Test(arguments: [0, 2, 4])
  func `a rank with another count is a typed error on all, and its host names it`(odd: Int) throws {
    let errors = try errors(odd: odd) { group, isOdd throws(CollectiveError) in
      let buffer = try group.makeBuffer(count: 600)
      try group.allReduceSum(buffer, 0..<600)
      try group.allReduceSum(buffer, 0..<(isOdd ? 400 : 600))
      try group.barrier()
    }
    #expect(errors.allSatisfy { $0 != nil })
    let host = odd / 3 * 3..<odd / 3 * 3 + 3
    #expect(host.contains { $0 != odd && errors[$0]?.culprit == odd }, "\(errors)")
  }

  /// The rank that host 0 blames, if its call and those of the hosts that it has heard are `counts` by host; nil if none.
  private func blamed(_ counts: [Int: Int], of hosts: Int) -> Int? {
    func call(_ count: Int) -> CollectiveCall {
      CollectiveCall(.allReduce, sequence: 7, element: .float32, range: 0..<count)
    }
    var headers: [Int: FrameHeader] = [:]
    for (host, count) in counts where host != 0 {
      var header = FrameHeader(
        operation: 0, element: 0, run: 0, generation: 0, rank: UInt16(host), size: UInt16(hosts))
      call(count).describe(in: &header)
      headers[host] = header
    }
    do throws(CollectiveError) {
      try call(counts[0] ?? 0).judge(headers, from: 0, of: hosts) { $0 }
      return nil
    } catch {
      return error.culprit
    }
  }

  @Test func `nobody is blamed while hosts that were not heard could have the word`() {
    #expect(blamed([0: 596, 1: 600, 2: 600], of: 3) == 0)
    #expect(blamed([0: 596, 1: 600], of: 3) == nil)
    #expect(blamed([0: 600, 2: 596], of: 2 + 1) == nil)
    #expect(blamed([0: 600, 1: 596], of: 2) == 1)
    #expect(blamed([0: 600, 1: 600, 2: 600, 3: 596], of: 5) == 3)
    #expect(blamed([0: 600, 1: 600, 2: 596, 3: 596], of: 5) == nil)
    #expect(blamed([0: 600, 1: 600], of: 3) == nil)
  }

  /// Of two, the second one: where as many say one thing as another, the first host has the word.
  @Test(arguments: [(2, 1), (3, 0), (3, 2), (6, 4)])
  func `a whole host with another count is the one that all name, itself too, and nobody sums`(
    hosts: Int, odd: Int
  ) throws {
    let meeting = try TestHosts(hosts, of: 2)
    let errors = onRanks(2 * hosts) { rank throws(CollectiveError) in
      let group = try meeting.group(rank)
      let buffer = try group.makeBuffer(count: 600)
      try group.reduceScatterSum(buffer, 0..<(rank / 2 == odd ? 596 : 600))
    }.map(\.error)
    for (rank, error) in errors.enumerated() {
      switch error {
      case .mismatch(let culprit, _, let expected, let found):
        #expect(culprit == 2 * odd + rank % 2)
        #expect(expected.contains("600") && found.contains("596"))
      case .aborted, .lostPeer: break  // its sibling, or its peer, was quicker
      default: Issue.record("rank \(rank): \(String(describing: error))")
      }
    }
    #expect(errors.contains { if case .mismatch = $0 { true } else { false } })
  }

  @Test func `a rank of another run or another start is refused when they meet`() throws {
    for (run, generation) in [("other", 0), ("test", 1)] {
      let meeting = try TestHosts(2, of: 1)
      let errors = onRanks(2) { rank throws(CollectiveError) in
        _ = try meeting.group(rank, run: rank == 1 ? run : "test", generation: rank == 1 ? generation : 0)
      }.map(\.error)
      #expect(errors.map { $0?.culprit } == [1, 0])
      #expect("\(errors[0]!)".contains(run == "other" ? "run of digest" : "generation 1"))
    }
  }

  @Test func `a bit that changed on the way is a typed error that names its sender`() throws {
    let errors = try errors(odd: 4, fault: .flip) { group, _ throws(CollectiveError) in
      let buffer = try group.makeBuffer(count: 600)
      try group.allReduceSum(buffer, 0..<600)
    }
    guard case .corrupt(rank: 4, _, _) = errors[1] else {
      Issue.record("\(errors)")
      return
    }
    #expect(errors.allSatisfy { $0 != nil })
  }

  @Test(arguments: [0, 5])
  func `a rank that dies in an exchange is named by its peer, and ends all`(odd: Int) throws {
    let errors = try errors(odd: odd, fault: .die) { group, _ throws(CollectiveError) in
      let buffer = try group.makeBuffer(count: 600)
      try group.allReduceSum(buffer, 0..<600)
      try group.barrier()
    }
    #expect(errors.allSatisfy { $0 != nil })
    guard case .lostPeer(odd, let operation, let observation) = errors[(odd + 3) % 6] else {
      Issue.record("\(errors)")
      return
    }
    #expect(
      operation.hasPrefix("all-reduce ") && observation.contains("its connection to rank \((odd + 3) % 6)"))
  }

  @Test func `a rank that does not come is a timeout that names it, in the numbers of all hosts`() throws {
    let timeouts = RingGroup.Timeouts(silence: .milliseconds(700), grace: .milliseconds(300))
    let errors = try errors(odd: 5, timeouts: timeouts) { group, isOdd throws(CollectiveError) in
      if !isOdd { try group.barrier() }
    }
    #expect([3, 4].contains { errors[$0]?.culprit == 5 }, "\(errors)")
    #expect(errors[0..<5].allSatisfy { $0 != nil })
    #expect(errors[0]?.culprit.map { $0 >= 3 } == true, "\(errors)")
  }

  /// One host comes late and one not at all. A rank that speaks with them for its host waits longer than its siblings wait
  /// for it if each host has the whole time.
  @Test func `of three hosts the one that does not come is named, though another one is late`() throws {
    let meeting = try TestHosts(3, of: 2)
    let timeouts = RingGroup.Timeouts(silence: .seconds(1), grace: .milliseconds(200))
    let errors = onRanks(6) { rank throws(CollectiveError) in
      let group = try meeting.group(rank, timeouts: timeouts)
      // What the test is about is time.
      if rank / 2 == 2 { usleep(500_000) }
      if rank / 2 != 0 { try group.barrier() }
    }.map(\.error)
    for rank in 2..<6 { #expect(errors[rank]?.culprit.map { $0 < 2 } == true, "\(rank): \(errors)") }
  }

  @Test func `a failure that the launcher tells of is in sight until the group has its own`() throws {
    let meeting = try TestHosts(2, of: 2)
    let seen = onRanks(4) { rank throws(CollectiveError) -> [CollectiveError?] in
      let group = try meeting.group(rank, failureElsewhere: { rank < 2 ? 3 : nil })
      try group.barrier()
      let before = group.failureInSight()
      try group.barrier()
      group.abandon(because: .noRoom(detail: "own"))
      return [before, group.failureInSight()]
    }.compactMap { try? $0.get() }
    #expect(seen.count == 4 && seen.map { $0[0]?.culprit } == [3, 3, nil, nil])
    #expect("\(seen[0][0]!)".contains("rank 3 is lost: the launchers have seen it end"))
    #expect(seen.allSatisfy { $0[1]?.culprit != 3 })
  }

  @Test func `after an error a group says that it is unusable and why, and once closed that it is`() throws {
    let meeting = try TestHosts(2, of: 1)
    let seen = onRanks(2) { rank throws(CollectiveError) -> [CollectiveError?] in
      let group = try meeting.group(rank, fault: rank == 0 ? .die : nil)
      let buffer = try group.makeBuffer(count: 600)
      return (0..<2).map { _ in
        do throws(CollectiveError) {
          try group.allReduceSum(buffer, 0..<600)
          return nil
        } catch { return error }
      }
    }.compactMap { try? $0.get() }
    for errors in seen { #expect(errors[1] == errors[0].map { .unusable(cause: $0) } && errors[0] != nil) }
    let closed = try onHosts(2, of: 1) { group throws(CollectiveError) in
      group.close()
      do throws(CollectiveError) { try group.barrier() } catch { return error == .closed }
      return false
    }
    #expect(closed == [true, true])
  }
}
