import Testing

@testable import Collective

@Suite struct GroupBufferTests {
  @Test func `a group alone sums in host memory, and nowhere else`() throws {
    let group = SoloGroup()
    #expect(try group.makeBuffer(count: 3).place == .host)
    #expect(group.canSum(at: .host) && group.canSum(at: .sharedHost))
    #expect(!group.canSum(at: .device(0)) && !group.canSum(at: .device(1)))
  }

  @Test(arguments: [(TestWire.loopback, SymmetricBuffer.Place.host), (.ipc, .host), (.shared, .sharedHost)])
  func `a buffer says where it lies, and its group can sum there`(
    wire: TestWire, place: SymmetricBuffer.Place
  ) throws {
    let seen = try onGroup(of: 3, over: wire) { group throws(CollectiveError) in
      let buffer = try group.makeBuffer(count: 5)
      return buffer.place == place && buffer.isShared == (place == .sharedHost)
        && group.canSum(at: buffer.place)
        && !group.canSum(at: .device(0))
    }
    #expect(seen == [true, true, true])
  }
}
