import ArgumentParser
import Flags
import Foundation
import Recipe

/// `evaluate RUN|WEIGHTS`: evaluates trained weights on a folder of images, and reports where they fail.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say how good weights are, on which classes and images they fail.",
    discussion: EvaluationFlags.discussion)

  @OptionGroup var flags: EvaluationFlags

  func run() throws {
    let (arguments, note) = try flags.trainingFlags()
    if let note { Console.warn("note: \(note)") }
    let request = try TrainingFlags.parse(arguments).request()
    try WorkerRun(request: request).run(ProcessInfo.processInfo.environment)
  }
}
