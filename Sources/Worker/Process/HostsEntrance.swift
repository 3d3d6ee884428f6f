import Collective
import Engines
import Foundation
import WorkerLink

/// A worker's connection to those of other hosts before they are a group: its place, and the store in which
/// all meet.
final class HostsEntrance {
  let link: HostLink
  private let rendezvous: RingRendezvous
  private let store: EngineStore

  /// Connects to the store, or opens it on host 0's first worker.
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

  /// How long to wait for others, which may take long to list their images.
  var patience: Duration { rendezvous.timeouts.silence }

  /// Connects this worker to some workers on other hosts, which meet under a name.
  func engine(_ name: String, rank: Int, size: Int) throws(CollectiveError) -> GlooEngine {
    do {
      return try GlooEngine(
        meetingIn: store, as: own(name), listeningOn: link.address, rank: rank, size: size, within: patience)
    } catch {
      throw failure(error)
    }
  }

  /// Publishes a value to all who ask for it.
  func tell(_ name: String, _ value: some Encodable) throws {
    do {
      try store.set(own(name), Array(try JSONEncoder().encode(value)))
    } catch let error as EngineFailure {
      throw failure(error)
    }
  }

  /// Waits for a published value.
  func hear<Value: Decodable>(_ name: String) throws -> Value {
    do {
      return try JSONDecoder().decode(Value.self, from: Data(try store.value(of: own(name))))
    } catch let error as EngineFailure {
      throw failure(error)
    }
  }

  /// The group's error for a failure to meet.
  func failure(_ error: EngineFailure) -> CollectiveError { Self.failure(error, rendezvous, link) }

  private static func failure(
    _ error: EngineFailure, _ rendezvous: RingRendezvous, _ link: HostLink
  ) -> CollectiveError {
    .setup(
      rank: rendezvous.firstRank + rendezvous.rank,
      detail: "its host \(link.host) did not meet the others: \(error)")
  }

  /// A key of this attempt only.
  private func own(_ name: String) -> String { "\(link.run)/\(link.generation)/\(name)" }
}
