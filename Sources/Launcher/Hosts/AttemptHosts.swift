import Glibc
import Recipe
import RunControl
import System
import Wire
import WorkerLink

/// What an attempt on several hosts needs in addition.
struct AttemptHosts: Sendable {
  /// What its workers are told about the hosts; nil where only one host is left, whose workers need nothing.
  var link: HostLink?
  /// The run's name.
  var run: String
  /// Whether to resume from the newest checkpoint.
  var goesOn: Bool
  /// A port that was free on host 0.
  var masterPort: UInt16

  /// Makes it for the host of `plan`, which has that address.
  init(_ order: AttemptOrder, _ plan: HostPlan, address: String) {
    (run, goesOn, masterPort) = (order.run, order.goesOn, order.masterPort)
    guard order.places.hosts.count > 1, let place = order.places.place(of: plan.host) else { return }
    link = HostLink(
      hosts: order.places.hosts.count, host: place, address: address, storeAddress: order.storeAddress,
      storePort: order.storePort, storeSocket: place == 0 ? WorkerProcess.storeDescriptor : nil,
      run: order.run, generation: order.number)
  }
}

/// The listening socket of the store that the first worker serves. The launcher opens it, so that all hosts
/// know the port before any worker runs.
///
/// Each attempt has a new one, so no key of an earlier attempt is left in the store, and no port is
/// contested.
struct StoreSocket: ~Copyable {
  let descriptor: Descriptor
  let port: UInt16

  /// Listens on a free port of that address.
  init(at address: String) throws(LaunchError) {
    guard let address = IPAddress(address) else {
      throw LaunchError("\(address) is no address", exitStatus: .software)
    }
    guard let (socket, port) = address.listen() else {
      throw LaunchError(call: "listen at \(address) for the workers' store", errno: errno)
    }
    descriptor = Descriptor(owning: socket)
    self.port = port
  }

  /// The socket alone.
  consuming func release() -> Descriptor { descriptor }
}
