import ArgumentParser
import FoundationEssentials
import Glibc
import Recipe
import RunControl
import System

/// A command of the worker program that the launcher offers too, with the same arguments.
///
/// Another one needs a type here and an entry in `ForwardedCommands.all`; its flags and help are in the
/// worker program.
protocol ForwardedCommand: ParsableCommand {
  /// Everything after the command; the parser accepts it unread.
  var arguments: [String] { get }
}

/// The commands that the launcher hands to the worker program.
enum ForwardedCommands {
  static let all: [any ForwardedCommand.Type] = [
    Predict.self, Export.self, Dataset.self, Convert.self, Devices.self,
  ]

  /// Replaces this program by the worker program where the command line, or a request for help, names one of
  /// its commands.
  static func forward(_ arguments: [String], environment: [String: String]) throws(LaunchError) {
    let asked = arguments.first == "help" ? arguments.dropFirst().first : arguments.first
    guard let asked, all.contains(where: { $0._commandName == asked }) else { return }
    let program = try WorkerProgram.locate(environment: environment)
    withCStrings([program] + arguments) { _ = execv(program, $0) }
    throw LaunchError("cannot run \(program): \(errorText(errno))", exitStatus: .badConfiguration)
  }

  struct Predict: ForwardedCommand {
    static let configuration = CommandConfiguration(abstract: "Say which classes images belong to.")
    @Argument(parsing: .captureForPassthrough) var arguments: [String] = []
  }

  struct Export: ForwardedCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write trained weights for timm, for PyTorch or as ONNX.")
    @Argument(parsing: .captureForPassthrough) var arguments: [String] = []
  }

  struct Dataset: ForwardedCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make, import, split, check, measure, draw and pack image folders.")
    @Argument(parsing: .captureForPassthrough) var arguments: [String] = []
  }

  struct Convert: ForwardedCommand {
    static let configuration = CommandConfiguration(abstract: "Turn weights into a .safetensors file.")
    @Argument(parsing: .captureForPassthrough) var arguments: [String] = []
  }

  struct Devices: ForwardedCommand {
    static let configuration = CommandConfiguration(abstract: "Say which libtorch and which cards there are.")
    @Argument(parsing: .captureForPassthrough) var arguments: [String] = []
  }
}
