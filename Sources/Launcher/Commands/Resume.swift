import ArgumentParser
import Flags
import FoundationEssentials
import Recipe

/// `twins-launch resume RUN`: the run goes on where it ended, as it was.
struct Resume: LaunchCommand {
  static let configuration = CommandConfiguration(
    abstract: "Go on with a run from its newest checkpoint.",
    usage: "twins-launch resume RUN [launch flags] [training flags]",
    discussion: """
      The run has the values of its checkpoint, and as many workers and the launch flags that it was started with. Flags \
      that are given here lie over them; what they change is printed. A run without a checkpoint yet starts as it was \
      started.
      """)

  @OptionGroup var target: RunArgument
  @OptionGroup(title: "Launch flags") var launch: LaunchFlags
  @OptionGroup var training: TrainingFlags

  func launch(_ signals: consuming SignalReader, environment: [String: String]) throws -> CInt {
    guard training.run.resume == nil, training.run.outputDir == nil else {
      throw LaunchError(
        "resume \(target.run) says where to go on: leave --resume and --output-dir out, or use train with them",
        exitCode: .usage)
    }
    let run = try ResumedRun(target.run, environment: environment)
    let arguments = run.arguments(flags, in: FileManager.default.currentDirectoryPath)
    let command = try Train.parse(arguments)
    return try command.start(signals, environment: environment, arguments: arguments)
  }

  /// The command line without its subcommand and the run's name.
  private var flags: [String] {
    var arguments = Array(TwinsLaunch.arguments.dropFirst())
    if let index = arguments.firstIndex(of: target.run) { arguments.remove(at: index) }
    return arguments
  }
}
