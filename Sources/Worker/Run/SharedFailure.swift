import Collective
import Recipe
import Training

/// A failure of one rank of which all ranks know, so that all end alike and the first one alone reports it.
struct SharedFailure: Error {
  let failure: Failure

  /// A failure that every rank has come to by itself.
  init(ofAll failure: Failure) { self.failure = failure }

  /// What the lowest rank that failed says; nil where none has. Every rank has to ask at the same place.
  init?(_ own: Failure?, in group: any ProcessGroup) throws(CollectiveError) {
    let all = try group.allGather(own?.bytes ?? [])
    guard let rank = all.firstIndex(where: { !$0.isEmpty }), let failure = Failure(all[rank]) else {
      return nil
    }
    self.failure =
      group.size == 1 ? failure : Failure("rank \(rank): \(failure)", exitStatus: failure.exitStatus)
  }
}

extension Failure {
  /// The status and the words.
  fileprivate var bytes: [UInt8] { [UInt8(truncatingIfNeeded: exitStatus.rawValue)] + description.utf8 }

  /// Reads back `bytes`; nil where they are no failure's.
  fileprivate init?(_ bytes: [UInt8]) {
    guard let first = bytes.first, let status = ExitStatus(rawValue: Int32(first)) else { return nil }
    self.init(String(decoding: bytes.dropFirst(), as: UTF8.self), exitStatus: status)
  }
}

/// Ends an evaluation in which a rank was asked to stop: all ranks throw it at the same place.
struct StopRequested: Error {}

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
