import ArgumentParser
import Recipe
import RunControl
import System

/// A word on the command line that is no command, where one was probably meant.
enum UnexpectedWord {
  /// What to type in its place; nil where a parser's message is about something else, or nothing is like the word.
  static func advice(onMessage message: String) -> String? {
    guard message.contains("nexpected argument"), let start = message.firstIndex(of: "'") else { return nil }
    return advice(on: String(message[message.index(after: start)...].prefix { $0 != "'" }))
  }

  /// Throws where help is asked on what is no command: the parser would show the programs' own.
  static func checkHelp(_ arguments: [String]) throws(LaunchError) {
    guard arguments.first == "help", let word = arguments.dropFirst().first, !word.hasPrefix("-"),
      word != "help", !commands.contains(word)
    else { return }
    throw LaunchError(
      advice(on: word) ?? "there is no command '\(masked(word))'. All commands: twins-launch",
      exitStatus: .usage)
  }

  private static var commands: [String] { Overview.groups.flatMap(\.commands).map { $0._commandName } }

  static func advice(on word: String) -> String? {
    if word.hasSuffix(".py") {
      return
        "\(word) is no flag. As a program for the workers to run: twins-launch --nproc N --exec python \(word)"
    }
    guard let command = others[word] ?? nearest(to: word, among: commands, atMost: 1).first,
      others[word] != nil || editDistance(word, command) <= 2
    else { return nil }
    return "there is no command '\(word)'; likely it is: twins-launch \(command)"
  }

  /// What other programs call a command of ours.
  private static let others = [
    "ls": "list", "ps": "list", "runs": "list", "eval": "evaluate", "validate": "evaluate",
    "test": "evaluate",
    "val": "evaluate", "infer": "predict", "inference": "predict", "run": "train", "fit": "train",
    "kill": "stop", "save": "checkpoint", "diff": "compare", "check": "doctor", "env": "doctor",
    "version": "--version", "zoo": "models",
  ]
}
