import Recipe
import RunControl
import Testing

@testable import Launcher

@Suite struct UnexpectedWordTests {
  @Test(arguments: [
    ("Error: 2 unexpected arguments: 'statu', 'r/a'", "twins-launch status"),
    ("Error: Unexpected argument 'ls'", "twins-launch list"),
    ("Error: Unexpected argument 'eval'", "twins-launch evaluate"),
    ("Error: Unexpected argument 'train.py'", "--exec python train.py"),
  ])
  func `a word that stands for a command says which`(message: String, command: String) throws {
    #expect(try #require(UnexpectedWord.advice(onMessage: message)).hasSuffix(command))
  }

  @Test(arguments: ["Error: Unexpected argument 'runs/first'", "Error: Unknown option '--statu'", "Error: x"])
  func `no other word does`(message: String) {
    #expect(UnexpectedWord.advice(onMessage: message) == nil)
  }

  @Test func `help is of commands alone`() throws {
    for known in [
      ["help"], ["help", "train"], ["help", "dataset", "scan"], ["help", "-h"], ["status", "x"],
    ] {
      try UnexpectedWord.checkHelp(known)
    }
    let typo = #expect(throws: LaunchError.self) { try UnexpectedWord.checkHelp(["help", "statsu"]) }
    #expect(typo?.description.hasSuffix("twins-launch status") == true && typo?.exitStatus == .usage)
    let other = #expect(throws: LaunchError.self) { try UnexpectedWord.checkHelp(["help", "nosuch"]) }
    #expect(other?.description == "there is no command 'nosuch'. All commands: twins-launch")
  }
}
