import Testing

@testable import Launcher

@Suite struct HostPulseTests {
  private let silence = Duration.seconds(60)

  /// A host that has listened, and heard, up to a moment.
  private func pulse(heardAt moment: Duration) -> HostPulse {
    var pulse = HostPulse(silence: silence)
    _ = pulse.listen(at: moment)
    pulse.hear(at: moment)
    return pulse
  }

  @Test func `each beat is due once, and at once where something has changed`() {
    var pulse = pulse(heardAt: .seconds(1))
    #expect(pulse.look(at: .seconds(1)) == .due)
    #expect(pulse.look(at: .seconds(1)) == nil)
    #expect(pulse.deadline == .seconds(1) + HostTimeouts.beat)
    pulse.hasten(at: .seconds(1))
    #expect(pulse.look(at: .seconds(1)) == .due)
    #expect(pulse.look(at: .seconds(1) + HostTimeouts.beat) == .due)
  }

  @Test func `host 0 is silent once it was not heard for long enough, and heard again it is not`() {
    var pulse = pulse(heardAt: .seconds(1))
    _ = pulse.look(at: .seconds(60))
    #expect(pulse.look(at: .seconds(60)) == nil)
    #expect(pulse.look(at: .seconds(61)) == .silent)
    pulse.hear(at: .seconds(61))
    #expect(pulse.look(at: .seconds(62)) != .silent)
  }

  @Test func `time in which this host did not listen is no silence`() {
    var pulse = pulse(heardAt: .seconds(1))
    let held = pulse.listen(at: .seconds(101))
    #expect(held == .seconds(100) - HostTimeouts.beat)
    #expect(pulse.look(at: .seconds(101)) == .due)
    #expect(pulse.look(at: .seconds(1) + held + silence) == .silent)
  }
}
