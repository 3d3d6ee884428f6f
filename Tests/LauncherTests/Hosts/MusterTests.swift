import Recipe
import Testing

@testable import Launcher

@Suite struct MusterTests {
  /// Of four hosts with two workers each, of which two are enough.
  private func muster(batch: Int = 6, hosts: Int = 4, least: Int = 2) -> Muster {
    var recipe = Recipe()
    (recipe.worldSize, recipe.data.batchSize) = (2 * hosts, batch)
    (recipe.mixing.mixup, recipe.mixing.cutmix) = (0, 0)
    let plan = HostPlan(hosts: hosts, host: 0, meeting: MeetingPoint(host: "a"), least: least)
    return Muster(plan, workers: 2, dividing: recipe)
  }

  @Test func `hosts that were waited for once are not waited for again until they come`() {
    var muster = muster()
    #expect(muster.awaited(of: [1, 3]) == [1, 3])
    muster.giveUp([1, 3])
    #expect(muster.awaited(of: [1, 3]) == [] && muster.awaited(of: [2, 3]) == [2])
    muster.welcome(3)
    #expect(muster.awaited(of: [1, 3]) == [3])
  }

  @Test func `where all are needed nobody is given up`() {
    var muster = muster(least: 4)
    muster.giveUp([1])
    #expect(muster.awaited(of: [1]) == [1])
    let isSettled = [muster.settle([0, 2, 3]), muster.settle([0, 1, 2, 3])]
    #expect(isSettled == [false, true])
    #expect(muster.places == HostPlaces(all: 4, workers: 2))
  }

  @Test func `those that are left have the ranks in their order, and an update the same images`() {
    var muster = muster()
    let all = muster.places
    _ = muster.settle([0, 2, 3])
    #expect(muster.places.hosts == [0, 2, 3] && muster.places.ranks == 6)
    #expect(muster.places.ranks(of: 2) == 2..<4 && muster.places.ranks(of: 1).isEmpty)
    #expect((0..<8).map(muster.places.host(of:)) == [0, 0, 2, 2, 3, 3, nil, nil])
    // 48 images among 6 workers: eight each, of which six at most at once.
    #expect(muster.places.division == .init(worldSize: 6, batchSize: 4, accumulation: 2))
    #expect(
      muster.change(from: all, [0, 2, 3])
        == "going on with hosts 0, 2, 3 of 4: each worker takes 2 batches of 4 images, so an update has the same 48"
    )
    let fewer = muster.places
    _ = muster.settle([0, 1, 2, 3])
    #expect(muster.change(from: fewer, [0, 1, 2, 3]) == "all 4 hosts take part again")
    #expect(muster.change(from: muster.places, [0, 1, 2, 3]) == nil)
  }

  @Test func `a host that would leave images over waits`() {
    var muster = muster(batch: 4)
    let all = muster.places
    // 32 images among six workers leave two.
    _ = muster.settle([0, 1, 3])
    #expect(muster.places.hosts == [0, 1])
    #expect(
      muster.change(from: all, [0, 1, 3])?.hasSuffix("; host 3 would not divide them evenly, and waits")
        == true)
  }

  @Test func `too few do not go on`() {
    var muster = muster()
    let isSettled = muster.settle([0])
    #expect(!isSettled)
    #expect(muster.shortage.contains("2 hosts at least"))
  }
}
