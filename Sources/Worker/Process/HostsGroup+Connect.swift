import Collective
import WorkerLink

extension HostsGroup {
  /// Meets this host's workers, then those at the same place on the other hosts.
  ///
  /// - Parameter failureElsewhere: A rank of another host of whose failure the launcher has told.
  static func connect(
    _ host: RingRendezvous, through entrance: HostsEntrance, failureElsewhere: @escaping () -> Int?
  ) throws(CollectiveError) -> HostsGroup {
    let (local, link) = (try host.join(), entrance.link)
    do {
      return try HostsGroup(
        local, over: try entrance.engine("\(host.rank)", rank: link.host, size: link.hosts), run: link.run,
        generation: link.generation, gradientWire: host.gradientWire, timeouts: host.timeouts,
        failureElsewhere: failureElsewhere)
    } catch {
      local.abandon(because: error)
      throw error
    }
  }
}
