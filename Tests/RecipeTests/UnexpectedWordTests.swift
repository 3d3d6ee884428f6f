import ArgumentParser
import Testing

@testable import Flags

@Suite struct UnexpectedWordTests {
  private struct Program: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "prog", subcommands: [Hidden.self],
      groupedSubcommands: [CommandGroup(name: "All", subcommands: [Train.self, Evaluate.self, Dataset.self])])
  }
  private struct Hidden: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "hidden", shouldDisplay: false)
  }
  private struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "train")
  }
  private struct Evaluate: ParsableCommand {}
  private struct Dataset: ParsableCommand {
    static let configuration = CommandConfiguration(subcommands: [Split.self, Scan.self])
  }
  private struct Split: ParsableCommand {}
  private struct Scan: ParsableCommand {}

  @Test(arguments: [
    ("Error: 2 unexpected arguments: 'trian', 'r/a'", "trian r/a", "prog train"),
    ("Error: Unexpected argument 'eval'", "eval", "prog evaluate"),
    ("Error: Unexpected argument 'evaluat'", "--epochs 3 evaluat", "prog evaluate"),
    ("Error: Unexpected argument 'splt'", "dataset splt", "prog dataset split"),
    ("Error: 3 unexpected arguments: 'scam', 'a', 'b'", "dataset scam a b", "prog dataset scan"),
  ])
  func `a word that stands for a command says which`(message: String, line: String, command: String) throws {
    let advice = UnexpectedWord.advice(onMessage: message, words(line), of: Program.self)
    #expect(try #require(advice).contains("likely it is: \(command)    (all commands: prog help"))
  }

  @Test func `a program for the workers is no command`() throws {
    let advice = UnexpectedWord.advice(
      onMessage: "Error: Unexpected argument 'train.py'", ["train.py"], of: Program.self)
    #expect(try #require(advice).hasSuffix("--exec python train.py"))
  }

  @Test(arguments: [
    ("Error: Unexpected argument 'runs/first'", "runs/first"), ("Error: Unknown option '--tran'", "--tran"),
    ("Error: Unexpected argument 'ls'", "ls"), ("Error: Unexpected argument 'hiden'", "hiden"),
    ("Error: x", "x"),
  ])
  func `no other word does`(message: String, line: String) {
    #expect(UnexpectedWord.advice(onMessage: message, words(line), of: Program.self) == nil)
  }

  @Test(arguments: [
    ("help", nil), ("help train", nil), ("help dataset scan", nil), ("help -h", nil), ("help help", nil),
    ("train x", nil), ("help train x", nil), ("help trian", "prog train    "),
    ("help dataset splt", "prog dataset split"),
    ("help nosuch", "there is no command 'nosuch'; all commands: prog help"),
    ("help dataset nosuch", "there is no command 'nosuch'; all commands: prog help dataset"),
  ])
  func `help is of commands alone`(line: String, advice: String?) {
    let found = UnexpectedWord.advice(onHelp: words(line), of: Program.self)
    #expect((found == nil) == (advice == nil), "\(found ?? "")")
    if let advice { #expect(found?.contains(advice) == true, "\(found ?? "")") }
  }
}
