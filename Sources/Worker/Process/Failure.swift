import Checkpoint
import Collective
import Datasets
import Foundation
import Output
import Recipe
import System
import Training

/// An error for the user: a message and the documented exit status.
struct Failure: Error, CustomStringConvertible {
  let description: String
  let exitStatus: ExitStatus
  /// Whether a disk was full.
  private(set) var isForWantOfRoom = false

  /// The status of a run whose loss is not finite.
  static let diverged = ExitStatus.diverged.rawValue
  /// The status of a run whose ranks disagree.
  static let software = ExitStatus.software.rawValue

  init(_ description: String, exitStatus: ExitStatus) {
    self.description = description
    self.exitStatus = exitStatus
  }

  /// Converts any error of the targets below, with its status.
  init(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as RecipeError: self.init(error.description, exitStatus: error.exitStatus)
    case let error as OutputError: self.init(error.description, exitStatus: error.exitStatus)
    case let error as RandAugmentError: self.init(error.description, exitStatus: .usage)
    case let error as DataError: self.init(error)
    case let error as CollectiveError:
      self.init(error.description, exitStatus: error.isOfConfiguration ? .badConfiguration : .software)
    case let error as TrainingError: self.init(error)
    case let error as WeightsMismatch: self.init(error.description, exitStatus: .badConfiguration)
    case let error as ClassMismatch: self.init(error.description, exitStatus: .badConfiguration)
    case let error as CheckpointError: self.init(error)
    case let error as Shortage:
      self.init(error.description, exitStatus: error.isLimit ? .badConfiguration : .inputOutput)
    default: self.init("\(error)", exitStatus: .inputOutput)
    }
  }

  private init(_ error: DataError) {
    self.init(error.description, exitStatus: Self.status(of: error))
  }

  private static func status(of error: DataError) -> ExitStatus {
    switch error {
    case .batchLargerThanData, .notEmpty, .insideItself: .badConfiguration
    case .unreadable(let error) where error.errno == ENOENT: .missingInput
    default:
      error.isMissingInput
        ? .missingInput : error.isWriteFailure || error.isTransient ? .inputOutput : .badData
    }
  }

  private init(_ error: CheckpointError) {
    switch error {
    // `open` is used only for reading: a missing folder of an output is no missing input.
    case .system("open", _, ENOENT): self.init(error.description, exitStatus: .missingInput)
    case .badFile, .badTensor: self.init(error.description, exitStatus: .badData)
    case .system, .incomplete: self.init(error.description, exitStatus: .inputOutput)
    }
    isForWantOfRoom = error.isForWantOfRoom
  }

  /// The same failure with a further sentence.
  func adding(_ sentence: String) -> Failure {
    var failure = Failure("\(description.asSentence) \(sentence)", exitStatus: exitStatus)
    failure.isForWantOfRoom = isForWantOfRoom
    return failure
  }

  private init(_ error: TrainingError) {
    switch error {
    case .collective(let error): self.init(error)
    case .imagesMissing: self.init("a rank could not read its images", exitStatus: .badData)
    case .weightsDiffer(let ranks, let steps):
      self.init(Self.disagreement(ranks, steps), exitStatus: .software)
    case .diverged(let loss, let norm):
      self.init(
        "the training has diverged: loss \(plain(loss)), gradient norm \(plain(norm)). No weight was changed by this step. "
          + "Likely a learning rate that is too high: try a lower --lr, or more --warmup-epochs.",
        exitStatus: .diverged)
    }
  }
}

extension Failure {
  fileprivate static func disagreement(_ ranks: [Int], _ steps: Int) -> String {
    let names = ranks.map(String.init).joined(separator: ", ")
    return
      "the ranks hold different weights after \(counted(steps, "update")); out of step: \(noun(ranks.count, "rank")) \(names). "
      + "Memory or a processor of its host is probably at fault, or the ranks run different builds. "
      + "The last checkpoint is sound: go on from it with --resume auto, on another host."
  }
}

/// The number without the sign that a NaN may have.
private func plain(_ value: Double) -> String { value.isNaN ? "nan" : "\(value)" }
