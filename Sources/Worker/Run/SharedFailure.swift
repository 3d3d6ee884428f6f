import Collective
import Recipe
import Training

/// A failure of one rank that all ranks know, so that all end alike and only the first reports it.
struct SharedFailure: Error {
  let failure: Failure

  /// Makes a failure that every rank has found by itself.
  init(ofAll failure: Failure) { self.failure = failure }

  /// Returns the failure of the lowest rank that has one; nil if none has. Every rank must call it at the
  /// same point.
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
  /// Encodes status and message.
  fileprivate var bytes: [UInt8] { [UInt8(truncatingIfNeeded: exitStatus.rawValue)] + description.utf8 }

  /// Decodes `bytes`; nil if they are no failure.
  fileprivate init?(_ bytes: [UInt8]) {
    guard let first = bytes.first, let status = ExitStatus(rawValue: Int32(first)) else { return nil }
    self.init(String(decoding: bytes.dropFirst(), as: UTF8.self), exitStatus: status)
  }
}

/// Ends an evaluation because a rank was asked to stop; all ranks throw it at the same point.
struct StopRequested: Error {}

/// Runs `body`; after an outcome that is the same on all ranks, no rank leaves before all are ready to.
///
/// A process that ends takes unsent messages with it, and a rank still waiting for them would think a healthy
/// peer lost. After an error of its own, a rank leaves at once.
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

/// Whether every rank throws this error at the same point.
private func isKnownToAll(_ error: any Error) -> Bool {
  switch error {
  case is SharedFailure, TrainingError.diverged, TrainingError.weightsDiffer: true
  default: false
  }
}
