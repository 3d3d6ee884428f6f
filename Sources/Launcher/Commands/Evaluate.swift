import ArgumentParser
import Flags
import Glibc
import Recipe

/// `twins-launch evaluate RUN|WEIGHTS`: N workers that evaluate together, with the same results and files as
/// one.
struct Evaluate: LaunchCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say how good weights are, on which classes and images they fail.",
    usage: "twins-launch evaluate RUN|WEIGHTS --data-path DIR [--nproc N] [flags]",
    discussion: EvaluationFlags.discussion)

  @OptionGroup var evaluation: EvaluationFlags
  @OptionGroup(title: "Launch flags") var launch: LaunchFlags
  @OptionGroup(title: "Launch flags") var ring: RingFlags

  func launch(_ signals: consuming SignalReader, environment: [String: String]) throws -> CInt {
    let (flags, note) = try evaluation.trainingFlags()
    if let note {
      var errors = Sink(descriptor: STDERR_FILENO)
      errors.write(Console.line("note: \(note)"))
      errors.drain(patience: .seconds(5))
    }
    let arguments = flags + LaunchFlags.kept(from: Array(TwinsLaunch.arguments.dropFirst()))
    return try TrainCommand.parse(arguments).start(signals, environment: environment, arguments: arguments)
  }
}
