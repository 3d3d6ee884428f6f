import Collective
import Engines
import WorkerLink

extension HostsGroup {
  /// Meets this host's workers, then those of the same place on the other hosts.
  ///
  /// A host may take long to read its images: all wait for it as long as in an operation.
  static func connect(_ host: RingRendezvous, _ hosts: HostLink) throws(CollectiveError) -> HostsGroup {
    let local = try host.join()
    let engine: GlooEngine
    do {
      let store = try EngineStore(
        at: hosts.storeAddress, port: hosts.storePort, listeningOn: hosts.storeSocket,
        within: host.timeouts.silence)
      engine = try GlooEngine(
        meetingIn: store, as: "\(hosts.run)/\(hosts.generation)/\(host.rank)", listeningOn: hosts.address,
        rank: hosts.host, size: hosts.hosts, within: host.timeouts.silence)
    } catch {
      let failure = CollectiveError.setup(
        rank: host.firstRank + host.rank, detail: "its host \(hosts.host) did not meet the others: \(error)")
      local.abandon(because: failure)
      throw failure
    }
    return try HostsGroup(
      local, over: engine, run: hosts.run, generation: hosts.generation, timeouts: host.timeouts)
  }
}
