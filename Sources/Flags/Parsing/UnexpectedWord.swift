package import ArgumentParser
import Recipe
import System

/// A word on a command line in the place of a command, for the programs and their commands with subcommands.
package enum UnexpectedWord {
  /// What to type instead; nil if a parser's message is about something else, or no command is similar.
  package static func advice(
    onMessage message: String, _ arguments: [String], of program: any ParsableCommand.Type
  ) -> String? {
    guard message.contains("nexpected argument"), let start = message.firstIndex(of: "'") else { return nil }
    let word = String(message[message.index(after: start)...].prefix { $0 != "'" })
    if word.hasSuffix(".py") {
      return
        "\(word) is no flag. As a program for the workers to run: twins-launch --nproc N --exec python \(word)"
    }
    let place = Place(of: arguments, in: program)
    return (place.word == word ? place : Place(of: [word], in: program)).likely(word)
  }

  /// What is wrong with a request for help on something that is no command, where the parser would show the
  /// parent's help; nil for all other command lines.
  package static func advice(onHelp arguments: [String], of program: any ParsableCommand.Type) -> String? {
    guard arguments.first == "help", arguments != ["help", "help"] else { return nil }
    let place = Place(of: Array(arguments.dropFirst()), in: program)
    return place.word.map { place.likely($0) ?? "there is no command '\(masked($0))'; \(place.overview)" }
  }

  /// Where the commands on a command line end.
  private struct Place {
    /// The program, and the commands named after it.
    private var path: [String]
    /// The commands possible there.
    private var commands: [String]
    /// The word there, if it is none of them.
    private(set) var word: String?

    init(of arguments: [String], in program: any ParsableCommand.Type) {
      var here = Self.commands(of: program)
      path = [program._commandName]
      for argument in arguments where !here.isEmpty && word == nil {
        if argument.hasPrefix("-") { break }
        if let command = here.first(where: { $0._commandName == argument }) {
          path.append(argument)
          here = Self.commands(of: command)
        } else {
          word = argument
        }
      }
      commands = here.map { $0._commandName }
    }

    private static func commands(of command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
      command.configuration.subcommands.filter { $0.configuration.shouldDisplay }
    }

    /// The command probably meant; nil if none is similar.
    func likely(_ word: String) -> String? {
      let named = path.count == 1 ? UnexpectedWord.others[word] : nil
      let other = named.flatMap { commands.contains($0) || $0.hasPrefix("-") ? $0 : nil }
      let near = nearest(to: word, among: commands, atMost: 1).first { editDistance(word, $0) <= 2 }
      return (other ?? near).map {
        "there is no command '\(masked(word))'; likely it is: \((path + [$0]).joined(separator: " "))    (\(overview))"
      }
    }

    var overview: String {
      "all commands: \((path.prefix(1) + ["help"] + path.dropFirst()).joined(separator: " "))"
    }
  }

  /// Other programs' names for this project's commands.
  private static let others = [
    "ls": "list", "ps": "list", "runs": "list", "eval": "evaluate", "validate": "evaluate",
    "test": "evaluate", "val": "evaluate", "infer": "predict", "inference": "predict", "run": "train",
    "fit": "train", "kill": "stop", "save": "checkpoint", "diff": "compare", "check": "doctor",
    "env": "doctor", "version": "--version", "zoo": "models",
  ]
}
