import Glibc
import Recipe
import RunControl
import System
import Wire
import WorkerLink

/// What an attempt has of its hosts beside what any attempt has.
struct AttemptHosts: Sendable {
  /// What its workers are told; nil where one host is left, whose workers are as those of any.
  var link: HostLink?
  /// The run's name.
  var run: String
  /// Whether to go on from the newest checkpoint.
  var goesOn: Bool
  /// A port that was free on host 0.
  var masterPort: UInt16

  /// On the host of that plan, at this address of its own.
  init(_ order: AttemptOrder, _ plan: HostPlan, address: String) {
    (run, goesOn, masterPort) = (order.run, order.goesOn, order.masterPort)
    guard order.places.hosts.count > 1, let place = order.places.place(of: plan.host) else { return }
    link = HostLink(
      hosts: order.places.hosts.count, host: place, address: address, storeAddress: order.storeAddress,
      storePort: order.storePort, storeSocket: place == 0 ? WorkerProcess.storeDescriptor : nil,
      run: order.run, generation: order.number)
  }
}

/// The socket at which the first worker keeps the store: made by its launcher, so that all know the port before any worker runs.
///
/// A new one for each attempt: no key of an earlier one is left in it, and no port is fought for.
struct StoreSocket: ~Copyable {
  let descriptor: Descriptor
  let port: UInt16

  /// Listens at a free port of that address.
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
