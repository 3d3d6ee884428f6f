import Collective
import Training

/// Runs what all ranks end alike, after which none leaves before all have come to leave.
///
/// The end of a process takes along what it has said and its sockets have not passed on yet: a rank that still waits for
/// those words would take a healthy peer for a lost one. After an error of its own a rank leaves at once.
func endingTogether<Result>(_ group: any ProcessGroup, _ body: () throws -> Result) throws -> Result {
  do {
    let result = try body()
    group.close()
    return result
  } catch {
    if isKnownToAll(error) { group.close() }
    throw error
  }
}

/// Whether every rank throws the error, at the same place.
private func isKnownToAll(_ error: any Error) -> Bool {
  switch error {
  case is SharedFailure, TrainingError.diverged, TrainingError.weightsDiffer: true
  default: false
  }
}
