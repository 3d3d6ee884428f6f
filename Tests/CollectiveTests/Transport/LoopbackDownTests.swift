import Glibc
import TestSupport
import Testing
import Wire

@testable import Collective

/// Threads in a network of their own, whose loopback interface is down at first.
@Suite("Without a loopback interface", .enabled(if: PrivateNetwork.isPossible))
struct LoopbackDownTests {
  @Test(arguments: [2, 3])
  func `the interface is named, and no stranger is waited for`(size: Int) throws {
    let folder = try RendezvousFolder(secretsFor: size)
    let start = ContinuousClock.now
    let errors = onRanks(size) { rank throws(CollectiveError) in
      guard PrivateNetwork.enter() else { return }
      try RingGroup.connect(folder.rendezvous(rank: rank, size: size)).close()
    }.map(\.error)
    for error in errors {
      #expect(error?.isOfConfiguration == true)
      let text = try #require(error?.description)
      #expect(
        text.contains("127.0.0.1 from here: Network is unreachable. Likely the loopback interface is down"))
      #expect(text.contains("'ip link set lo up'") && !text.contains("stranger"), "\(text)")
    }
    #expect(ContinuousClock.now - start < .seconds(5), "the check that strangers are refused takes as long")
  }

  @Test func `where it is up, nothing is in the way`() { #expect(IPAddress("127.0.0.1")?.obstacle == nil) }
}

/// A network that one thread sees, and those that it starts.
private enum PrivateNetwork {
  /// Whether this process may make one, as root may.
  static let isPossible =
    onRanks(1) { _ throws(CollectiveError) in enter() }.compactMap { try? $0.get() } == [true]

  /// Moves this thread, and none that is there already, into a network of its own.
  static func enter() -> Bool {
    typealias Unshare = @convention(c) (CInt) -> CInt
    let unshare = unsafeBitCast(dlsym(nil, "unshare"), to: Unshare.self)
    let newNetwork: CInt = 0x4000_0000
    return unshare(newNetwork) == 0
  }
}
