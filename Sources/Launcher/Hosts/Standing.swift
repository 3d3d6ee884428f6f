/// The state of a host other than the first in the run.
enum Standing: Equatable, Sendable {
  /// Not connected, or not welcome yet.
  case dialling(Dialling)
  case here
  /// The run is over for this host, with this exit status; its workers are ending.
  case leaving(status: CInt, until: Duration)

  /// Says what it waits for, as the end of a sentence; nil where it takes part.
  func waitsFor(at meeting: MeetingPoint, takesPart: Bool) -> String? {
    switch self {
    case .dialling: "host 0 at \(meeting)"
    case .here where !takesPart: "the next start of the workers"
    case .here, .leaving: nil
    }
  }
}
