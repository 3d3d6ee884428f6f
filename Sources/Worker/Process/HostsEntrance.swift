import Collective
import Engines
import Foundation
import WorkerLink

/// The way of a worker to those of other hosts, before they are a group: where it stands, and the store in which all meet.
final class HostsEntrance {
  let link: HostLink
  private let rendezvous: RingRendezvous
  private let store: EngineStore

  /// Finds the store, or on host 0's first worker opens it.
  init(_ link: HostLink, of rendezvous: RingRendezvous) throws(CollectiveError) {
    (self.link, self.rendezvous) = (link, rendezvous)
    do {
      store = try EngineStore(
        at: link.storeAddress, port: link.storePort, listeningOn: link.storeSocket,
        within: rendezvous.timeouts.silence)
    } catch {
      throw Self.failure(error, rendezvous, link)
    }
  }

  /// How long others are waited for: one may take long to read its images.
  var patience: Duration { rendezvous.timeouts.silence }

  /// Connects this worker to some of its kind on other hosts, who meet under a name.
  func engine(_ name: String, rank: Int, size: Int) throws(CollectiveError) -> GlooEngine {
    do {
      return try GlooEngine(
        meetingIn: store, as: own(name), listeningOn: link.address, rank: rank, size: size, within: patience)
    } catch {
      throw failure(error)
    }
  }

  /// Tells all who ask for it.
  func tell(_ name: String, _ value: some Encodable) throws {
    do {
      try store.set(own(name), Array(try JSONEncoder().encode(value)))
    } catch let error as EngineFailure {
      throw failure(error)
    }
  }

  /// What somebody tells, once it is told.
  func hear<Value: Decodable>(_ name: String) throws -> Value {
    do {
      return try JSONDecoder().decode(Value.self, from: Data(try store.value(of: own(name))))
    } catch let error as EngineFailure {
      throw failure(error)
    }
  }

  /// What a failure to meet is to all others.
  func failure(_ error: EngineFailure) -> CollectiveError { Self.failure(error, rendezvous, link) }

  private static func failure(
    _ error: EngineFailure, _ rendezvous: RingRendezvous, _ link: HostLink
  ) -> CollectiveError {
    .setup(
      rank: rendezvous.firstRank + rendezvous.rank,
      detail: "its host \(link.host) did not meet the others: \(error)")
  }

  /// Of this attempt alone.
  private func own(_ name: String) -> String { "\(link.run)/\(link.generation)/\(name)" }
}
