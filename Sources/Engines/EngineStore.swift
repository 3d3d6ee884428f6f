public import Collective
import CTorch

/// Where the processes of engines find one another's addresses: c10d's store over TCP, which one of them keeps for all.
public final class EngineStore {
  let handle: OpaquePointer?

  /// Opens the store at an address and a port.
  ///
  /// - Parameters:
  ///   - socket: A socket that listens there, from the one process that keeps the store; it then belongs to the store.
  ///   - time: How long the others wait for it, and all for what is to be in it.
  public init(
    at address: String, port: UInt16, listeningOn socket: Int32? = nil, within time: Duration
  ) throws(EngineFailure) {
    var store: OpaquePointer?
    guard ct_store_open(address, Int32(port), socket ?? -1, milliseconds(time), &store) == 0 else {
      throw .setup("the store at \(address), port \(port): \(lastError)")
    }
    handle = store
  }

  deinit { ct_store_free(handle) }
}
