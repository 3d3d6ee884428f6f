import Recipe
import Testing
import Wire

@testable import Launcher

@Suite struct RosterTests {
  private func host(_ number: Int, _ change: (inout HostDescription) -> Void = { _ in }) -> HostDescription {
    var description = HostDescription(
      host: number, hosts: 3, workers: 2, version: "1", recipe: "abc", run: number == 0 ? "r" : nil,
      name: "node\(number)", launcher: UInt64(number), boot: "boot\(number)",
      address: "10.0.0.\(number + 1)", dialled: "10.0.0.1")
    change(&description)
    return description
  }

  private func peer(_ number: UInt8) -> Socket.Peer { Socket.Peer(name: [number]) }

  private var roster: Roster { Roster(host(0), patience: .seconds(10)) }

  @Test func `all are there once each has come`() {
    var roster = roster
    #expect(roster.missing == [1, 2])
    #expect(roster.arrive(host(2), as: peer(2), at: .zero) == .welcome)
    #expect(roster.missing == [1] && roster.firstAddress == "10.0.0.1")
    #expect(roster.arrive(host(1), as: peer(1), at: .zero) == .welcome)
    #expect(roster.missing.isEmpty && roster.peers.map(\.host) == [1, 2])
  }

  @Test func `an attempt is ready when all are ready for it`() {
    var roster = roster
    for number in 1...2 { _ = roster.arrive(host(number), as: peer(UInt8(number)), at: .zero) }
    roster.note(readyFor: 1, host: 1)
    roster.note(readyFor: 0, host: 2)
    #expect(roster.unready(for: 1, of: [0, 1, 2]) == [2] && roster.unready(for: 1, of: [0, 1]) == [])
    roster.note(readyFor: 1, host: 2)
    #expect(roster.unready(for: 1, of: [0, 1, 2]) == [])
    roster.remove(2)
    #expect(roster.unready(for: 1, of: [0, 1, 2]) == [2] && roster.missing == [2])
    #expect(roster.present == [0, 1])
  }

  @Test func `who is silent for too long is known, and who speaks is not`() {
    var roster = roster
    for number in 1...2 { _ = roster.arrive(host(number), as: peer(UInt8(number)), at: .seconds(1)) }
    for second in 1...5 { #expect(roster.silent(at: .seconds(second)) == []) }
    #expect(roster.heard(peer(1), at: .seconds(5)) == 1)
    for second in 6...10 { #expect(roster.silent(at: .seconds(second)) == []) }
    #expect(roster.silent(at: .seconds(11)) == [2])
    for second in 12...14 { #expect(roster.silent(at: .seconds(second)) == [2]) }
    #expect(roster.silent(at: .seconds(15)) == [1, 2])
    #expect(roster.heard(peer(9), at: .zero) == nil, "a stranger")
  }

  @Test func `who did not listen calls nobody silent for that time`() {
    var roster = roster
    _ = roster.arrive(host(1), as: peer(1), at: .zero)
    #expect(roster.silent(at: .seconds(1)) == [])
    // It was held for 29 s more than the second between two looks.
    #expect(roster.silent(at: .seconds(31)) == [])
    for second in 32...38 { #expect(roster.silent(at: .seconds(second)) == []) }
    #expect(roster.silent(at: .seconds(39)) == [1])
    #expect(roster.heard(peer(1), at: .seconds(60)) == 1)
    #expect(roster.silent(at: .seconds(60)) == [] && roster.silence(of: 1, at: .seconds(60)) == .zero)
  }

  @Test func `the same launcher may come again, another one only if the first is gone`() {
    var roster = roster
    _ = roster.arrive(host(1), as: peer(1), at: .zero)
    #expect(roster.arrive(host(1), as: peer(2), at: .zero) == .again)
    let other = host(1) { ($0.launcher, $0.name) = (99, "node9") }
    #expect(
      roster.arrive(other, as: peer(3), at: .zero)
        == .taken(
          by: peer(1),
          "host 1 (node9, 10.0.0.2) came, and host 1 (node1, 10.0.0.2) is there already: give each host another "
            + "--node-rank."))
    roster.remove(1)
    #expect(roster.arrive(other, as: peer(3), at: .zero) == .welcome)
  }

  private static var hasty: RecipeValues {
    var recipe = Recipe()
    recipe.schedule.epochs = 3
    return RecipeValues(of: recipe)
  }

  private static let differences: [(@Sendable (inout HostDescription) -> Void, String)] = [
    ({ $0.hosts = 4 }, "was told of 4 hosts and host 0 of 3"), ({ $0.host = 3 }, "takes in hosts 1 to 2"),
    ({ $0.host = 0 }, "takes in hosts 1 to 2"), ({ $0.workers = 3 }, "would start 3 workers and host 0 2"),
    ({ $0.version = "2" }, "runs twins-launch 2 and host 0 1"),
    ({ $0.recipe = "xyz" }, "another recipe than host 0 (digests xyz and abc)"),
    ({ ($0.recipe, $0.values) = ("xyz", hasty) }, "another recipe than host 0 (digests xyz and abc)"),
    ({ $0.run = "other" }, "was told of run other, and this is r"),
    ({ $0.address = "127.0.0.1" }, "came by loopback, and is another machine"),
    ({ ($0.address, $0.dialled) = ("fd00::2", "fd00::1") }, "one family of addresses"),
    (
      { ($0.address, $0.dialled, $0.boot) = ("127.0.0.1", "127.0.0.1", "boot0") },
      "from loopback nothing leads"
    ),
    ({ $0.address = "" }, "has found no address of its own"),
  ]

  @Test(arguments: differences.indices)
  func `a host that differs is told how`(case number: Int) {
    let (change, reason) = Self.differences[number]
    var roster = roster
    _ = roster.arrive(host(2), as: peer(2), at: .zero)
    guard case .refused(let text) = roster.arrive(host(1, change), as: peer(1), at: .zero) else {
      Issue.record("not refused, and \(reason)")
      return
    }
    #expect(text.contains(reason) && text.hasPrefix("host "), "\(text)")
    #expect(roster.missing == [1])
  }

  @Test func `hosts of one machine may meet by loopback`() {
    var roster = roster
    let here = { (description: inout HostDescription) in
      (description.address, description.dialled, description.boot) = ("127.0.0.1", "127.0.0.1", "boot0")
    }
    #expect(roster.arrive(host(1, here), as: peer(1), at: .zero) == .welcome)
    #expect(roster.arrive(host(2, here), as: peer(2), at: .zero) == .welcome)
  }
}
