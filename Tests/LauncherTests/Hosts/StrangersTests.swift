import Testing
import Wire

@testable import Launcher

@Suite struct StrangersTests {
  private let address = IPAddress("10.0.0.2")

  @Test func `each is told of once, whether or not a connection was gone too soon to be looked at`() {
    var strangers = Strangers()
    #expect(strangers.suspicion == nil)
    #expect(strangers.note(nil) == nil)
    #expect(strangers.note(address)?.hasPrefix("not let in: somebody at 10.0.0.2, with another key") == true)
    for _ in 0..<9 { #expect(strangers.note(address) == nil && strangers.note(nil) == nil) }
    #expect(strangers.suspicion?.contains("somebody at 10.0.0.2 was not let in") == true)
  }

  @Test func `one whose address is never seen is told of all the same, once`() {
    var strangers = Strangers()
    #expect((0..<9).compactMap { _ in strangers.note(nil) }.count == 1)
    #expect(strangers.suspicion?.contains("somebody was not let in") == true)
  }

  @Test func `a crowd does not fill the terminal`() {
    var strangers = Strangers()
    #expect((0..<99).compactMap { strangers.note(IPAddress("10.0.1.\($0)")) }.count == 8)
  }
}
