import ArgumentParser
import Flags
import Foundation
import Recipe
import System
import Torch
import WorkerLink

/// `twins-worker`: one process, one rank.
@main
struct TwinsWorker: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "twins-worker",
    abstract: "Train, evaluate and use Twins vision transformers in one process.",
    usage: """
      twins-worker [train] [training flags]
      twins-worker evaluate|predict|export|convert|bench|dataset|devices …
      """,
    discussion: """
      One worker trains on a folder of images, without a launcher:
        twins-worker --data-path DIR --model alt_gvt_small
      All flags: twins-worker help train
      """,
    version: """
      twins-worker \(programVersion)
      libtorch \(Runtime.version)
      compiler \(Runtime.compiler)
      instruction set \(Runtime.instructionSet)
      """,
    subcommands: [
      TrainCommand.self, Evaluate.self, Predict.self, Export.self, Convert.self, Bench.self, Dataset.self,
      Devices.self,
    ],
    defaultSubcommand: TrainCommand.self)

  static func main() {
    ProcessSignals.letKill()
    ProcessSignals.outliveFileSizeLimits()
    do {
      if let fault = Folders.workingFolderFault { throw Failure(fault, exitStatus: .missingInput) }
      try requireDescriptors()
      if let mismatch = Runtime.mismatch { throw Failure(mismatch, exitStatus: .noDevice) }
      let environment = ProcessInfo.processInfo.environment
      // Its launcher has parsed the command line.
      if let request = try RunRequest.inherited(environment) {
        return try WorkerRun(request: request).run(environment)
      }
      try requireTextArguments()
      let words = Array(CommandLine.arguments.dropFirst())
      if let advice = UnexpectedWord.advice(onHelp: words, of: Self.self) {
        throw Failure(advice, exitStatus: .usage)
      }
      var command = try parseAsRoot(normalizedArguments(words))
      if command is any Computing { WaitPolicy.restart(environment) }
      try command.run()
      // For training, the files matter rather than the output.
      if (command as? TrainCommand)?.writes != true { try StandardOutput.flush() }
    } catch {
      let error = unwritten(error)
      if let advice = advice(on: message(for: error)) {
        let failure = Failure(advice, exitStatus: .usage)
        Console.warn("error: \(failure)")
        Foundation.exit(failure.exitStatus.rawValue)
      }
      // ArgumentParser has its own statuses only for its own errors (bad flags, requests for help).
      if exitCode(for: error) != .failure { leave(with: error) }
      let failure = Failure(error)
      Console.warn("error: \(failure)")
      failure.leave(ProcessInfo.processInfo.environment)
      Foundation.exit(failure.exitStatus.rawValue)
    }
  }
}

extension TwinsWorker {
  /// The error itself, or why the parser's output could not be written; ends the process if it was.
  fileprivate static func unwritten(_ error: any Error) -> any Error {
    do throws(SystemError) {
      try endIfAnswered(by: error)
      return error
    } catch let fault {
      return fault
    }
  }

  /// What to type instead of what a parser's message is about; nil if there is nothing better than that
  /// message.
  fileprivate static func advice(on message: String) -> String? {
    ForeignFlags.advice(onMessage: message).map { "\($0). All flags: twins-worker help train" }
      ?? UnexpectedWord.advice(onMessage: message, Array(CommandLine.arguments.dropFirst()), of: Self.self)
  }
}

/// A command whose operations use several threads.
protocol Computing: ParsableCommand {}

extension TrainCommand: Computing {}
extension Evaluate: Computing {}
extension Predict: Computing {}
extension BenchStep: Computing {}
extension BenchEvaluation: Computing {}

/// `bench`: measurements.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Time training steps, evaluation, sums of gradients, or the way of images from files to batches.",
    subcommands: [BenchStep.self, BenchEvaluation.self, BenchData.self, BenchAllReduce.self])
}

/// Throws a message that names the flag if its value is given and out of range.
func validate<Value: Comparable>(_ value: Value?, _ flag: String, in range: ClosedRange<Value>) throws {
  do {
    try require(value, flag, in: range)
  } catch {
    throw ValidationError(error.description)
  }
}

/// Throws if this process may open too few files for a worker's files and sockets.
private func requireDescriptors() throws(Shortage) {
  try Limits.require(descriptors: 64, for: "a worker's files and sockets")
}

/// Throws if there is less memory than a network needs at least: libraries that cannot allocate end the
/// process without a message.
///
/// - Parameter threads: The number of threads besides the first.
func requireRoom(threads: Int) throws(Shortage) {
  try Limits.require(addressSpace: 640 << 20, for: "the smallest network")
  try OwnedThread.rehearse(threads, for: "a worker")
}
