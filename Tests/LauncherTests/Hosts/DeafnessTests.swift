import Recipe
import Testing

@testable import Launcher
@testable import RunControl

/// A socket that has failed is no silence: nothing would ever come from it.
@Suite struct DeafnessTests {
  @Test func `host 0 that can hear nobody ends the run on all hosts, and says so once`() throws {
    let meeting = MeetingPoint(host: "127.0.0.1", port: try FreePort.find())
    let star = try HostStar(at: meeting, key: nil)
    let own = HostDescription(
      host: 0, hosts: 3, workers: 2, version: "1", recipe: nil, run: "r", name: "n", launcher: 1, boot: "b",
      address: "127.0.0.1", dialled: "")
    let lead = HostLead(HostPlan(hosts: 3, host: 0, meeting: meeting), own, nil, HostTimeouts(), star)
    star.close()
    lead.gather(for: 0, at: .zero)
    let fault = try #require(absence(in: lead.takeNews(at: .zero)))
    #expect(fault.hosts == [1, 2] && fault.kind == .unheard && fault.status == 74)
    #expect(fault.reason.hasPrefix("hosts 1, 2 cannot be heard any more: zmq_msg_recv"), "\(fault.reason)")
    #expect(!Ending.withoutHost(fault).mayPass)
    #expect(lead.takeNews(at: .seconds(1000)).isEmpty && lead.descriptors.isEmpty && !lead.hasInput)
    lead.gather(for: 1, at: .seconds(1000))
    #expect(absence(in: lead.takeNews(at: .seconds(1000))) == fault)
  }

  @Test func `another host that cannot hear host 0 says so once`() throws {
    let dial = try HostDial(MeetingPoint(host: "127.0.0.1", port: try FreePort.find()), key: nil)
    dial.close()
    let error = #expect(throws: LaunchError.self) { try dial.next() }
    #expect(error?.exitStatus == .inputOutput)
    #expect(error?.description.contains("cannot be heard any more: zmq_msg_recv") == true, "\(error!)")
    #expect(try dial.next() == nil && dial.descriptors.isEmpty && !dial.hasInput)
  }

  private func absence(in news: [HostLead.News]) -> HostFault? {
    news.lazy.compactMap { if case .absent(let fault) = $0 { fault } else { nil } }.first
  }
}
