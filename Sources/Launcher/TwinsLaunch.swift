import ArgumentParser
import Flags
import FoundationEssentials
import Recipe
import RunControl
import System

/// Starts the workers of a distributed training on this host and watches over them.
@main
struct TwinsLaunch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "twins-launch",
    abstract: "Start worker processes that train together, and watch over them.",
    usage: TrainCommand.usage,
    discussion: """
      Eight workers train on a folder of images:
        twins-launch --nproc 8 --data-path DIR --model alt_gvt_small --dist-eval
      A run that goes on can be asked by its folder, its output folder or its name:
        twins-launch status OUT
      One that has ended goes on with the flags it had:
        twins-launch resume OUT
      How good its weights are, on which classes and images they fail:
        twins-launch evaluate OUT --data-path DIR
      Any program runs in torchrun's environment:
        twins-launch --nproc 8 --exec python train.py
      All flags: twins-launch help train
      """,
    version: """
      twins-launch \(programVersion)
      libtorch, compiler and instruction set: twins-worker --version
      """,
    subcommands: [ExecRank.self],
    groupedSubcommands: Overview.groups.map { CommandGroup(name: $0.name, subcommands: $0.commands) },
    defaultSubcommand: TrainCommand.self)

  static func main() {
    ProcessSignals.letKill()
    ProcessSignals.outliveFileSizeLimits()
    do {
      do {
        try carryOut()
      } catch {
        try endIfAnswered(by: error)
        throw error
      }
    } catch let error as SystemError {
      leave(with: refusal(LaunchError("\(error)", exitStatus: .inputOutput)))
    } catch let error as LaunchError {
      leave(with: refusal(error))
    } catch let error as RecipeError {
      leave(with: refusal(LaunchError(error.description, exitStatus: error.exitStatus)))
    } catch {
      let advice = advice(on: message(for: error))
      leave(with: advice.map { refusal(LaunchError($0, exitStatus: .usage)) } ?? error)
    }
  }

  /// Runs the command of the command line.
  private static func carryOut() throws {
    try requireTextArguments()
    guard CommandLine.argc > 0 else {
      throw LaunchError(
        "/proc tells no command line: mount it, as in mount -t proc proc /proc",
        exitStatus: .badConfiguration)
    }
    guard CommandLine.argc > 1 else {
      print(Overview.text)
      return try StandardOutput.flush()
    }
    let words = Array(CommandLine.arguments.dropFirst())
    if let advice = UnexpectedWord.advice(onHelp: words, of: Self.self) {
      throw LaunchError(advice, exitStatus: .usage)
    }
    try ForwardedCommands.forward(words, environment: ProcessInfo.processInfo.environment)
    var command = try parseAsRoot(arguments)
    try command.run()
    // A training's results are its files, so its stdout need not arrive.
    if !(command is any LaunchCommand) { try StandardOutput.flush() }
  }

  /// What to type instead of what a parser complained about; nil where nothing better is known.
  private static func advice(on message: String) -> String? {
    ForeignFlags.advice(onMessage: message).map { "\($0). All flags: twins-launch help train" }
      ?? UnexpectedWord.advice(onMessage: message, Array(CommandLine.arguments.dropFirst()), of: Self.self)
  }

  /// The command line with flag names spelt with dashes.
  static var arguments: [String] {
    normalizedArguments(ExecCommand.asSubcommand(Array(CommandLine.arguments.dropFirst())))
  }
}
