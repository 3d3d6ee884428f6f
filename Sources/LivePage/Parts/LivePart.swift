/// The parts of the page, each sent again when it changes.
enum LivePart: String, CaseIterable, Sendable {
  case verdict
  case figures
  case charts
  case ranks
  case failures
  case classes
  case confusion
  case mistakes
  case epochs
  case times
  case next

  /// Nil for a part without heading.
  var heading: String? {
    switch self {
    case .verdict, .figures: nil
    case .charts: "How it goes"
    case .ranks: "Ranks"
    case .failures: "Starts and failures"
    case .classes: "Classes"
    case .confusion: "What is taken for what"
    case .mistakes: "Most confident mistakes"
    case .epochs: "Epochs"
    case .times: "Where a step's time goes"
    case .next: "What to do next"
    }
  }
}
