import Checkpoint
import Collective
import Flags
import Foundation
import Recipe
import System

/// What a rank starts from, on whatever disk and path; it must be the same on all ranks.
struct Origin: Codable, Equatable {
  /// The host's number; nil if the run has one host.
  var host: Int?
  var source = Source.nothing
  /// The path, for messages.
  var path = ""
  /// Whether the average replaces the weights.
  var takesAverage = false

  enum Source: Codable, Equatable {
    case nothing
    /// A checkpoint, by name and digest.
    case checkpoint(String)
    /// A file of weights, by its CRC-32C; nil if it can no longer be read.
    case weights(UInt32?)
  }
}

extension Origin {
  /// Describes this rank's origin.
  init(_ start: Resume?, _ settings: RunSettings, on host: Int?) throws {
    self.host = host
    switch start {
    case nil: break
    case .checkpoint(let checkpoint, _):
      let digest = String(try checkpoint.tag().digest, radix: 16)
      (source, path) = (.checkpoint("\(checkpoint.name) (digest \(digest))"), checkpoint.folder)
      // Training continues with both.
      takesAverage = settings.useEma && !settings.trains
    case .weights(let file), .finetuning(let file):
      (source, path) = (.weights(try? checksum(ofFile: file.path).value), file.path)
      takesAverage = settings.useEma
    }
  }

  /// Throws alike on all ranks unless all have the same origin; names the first rank that differs from rank
  /// 0.
  ///
  /// - Parameter own: Evaluated only if there are other ranks to compare with.
  static func agree(on own: @autoclosure () throws -> Origin, in group: any ProcessGroup) throws {
    guard group.size > 1 else { return }
    let all = try group.allGather(Array(try JSONEncoder().encode(own())))
      .map { try JSONDecoder().decode(Origin.self, from: Data($0)) }
    for (rank, other) in all.enumerated() {
      if let failure = other.difference(from: all[0], rank: rank) { throw failure }
    }
  }

  /// The failure if the origins differ; otherwise nil.
  func difference(from first: Origin, rank: Int) -> Failure? {
    let name = "rank \(rank)" + (host.map { " on host \($0)" } ?? "")
    switch (first.source, source) {
    case (let theirs, let own) where theirs == own:
      guard takesAverage != first.takesAverage else { return nil }
      let (taker, other) = takesAverage ? (name, "rank 0") : ("rank 0", name)
      return Failure(
        "\(taker) takes the average of the weights (--use-ema) and \(other) the weights: give all hosts the same flags.",
        exitStatus: .badConfiguration)
    case (.weights(let theirs), .weights(let own)):
      return Failure(
        "\(name) starts from other weights than rank 0: \(Self.words(path, own)) there and \(Self.words(first.path, theirs)) "
          + "on rank 0. Give all hosts the same file, at whatever path.", exitStatus: .badConfiguration)
    default:
      return Failure(
        "rank 0 would go on from \(first.words) and \(name) from \(words). Likely one of them could not read what the "
          + "other could, was given other flags, or checkpoints were removed just now: start again.",
        exitStatus: .inputOutput)
    }
  }

  private var words: String {
    switch source {
    case .nothing: "nothing"
    case .checkpoint(let name): name
    case .weights(let checksum): Self.words(path, checksum)
    }
  }

  private static func words(_ path: String, _ checksum: UInt32?) -> String {
    "\(masked(path)) (\(checksum.map { "checksum \(String($0, digits: 8, radix: 16))" } ?? "unreadable"))"
  }
}
