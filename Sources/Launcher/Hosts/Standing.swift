/// Where another host than the first stands with the run.
enum Standing: Equatable, Sendable {
  /// Not connected, or not welcome yet.
  case dialling(Dialling)
  case here
  /// The run is over for this host, with this status; its workers end.
  case leaving(status: CInt, until: Duration)

  /// What it waits for, as a clause ends; nil where it takes part.
  func waitsFor(at meeting: MeetingPoint, takesPart: Bool) -> String? {
    switch self {
    case .dialling: "host 0 at \(meeting)"
    case .here where !takesPart: "the next start of the workers"
    case .here, .leaving: nil
    }
  }
}
