import System

extension HostLead {
  /// What the supervisor has to know.
  enum News {
    case said(String)
    case absent(HostFault)
    /// All who take part have come, and none is ready for the attempt: host 0 is known by this address.
    case complete(attempt: Int, address: String, HostPlaces)
    case ready
    case ended(rank: Int, Ending)
    case hung([Hang])
    case stopRequested(StopRequest, host: Int)
    case checkpointRequested
  }
}
