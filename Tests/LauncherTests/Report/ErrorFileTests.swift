import Foundation
import Testing
import TestSupport

@testable import Launcher

@Suite struct ErrorFileTests {
  /// The second is what PyTorch 2.13's `@record` writes, shortened.
  @Test(arguments: [
    (#"{"message": "out of luck"}"#, "out of luck"),
    (
      #"{"message": {"message": "ValueError: no", "extraInfo": {"py_callstack": "Trace…", "timestamp": "1"}}}"#,
      "ValueError: no"
    ), ("plain words\n", "plain words\n"), (#"{"other": 1}"#, #"{"other": 1}"#),
  ])
  func `the message is found`(content: String, message: String) throws {
    let folder = try temporaryFolder()
    defer { removeFolder(folder) }
    try content.write(toFile: "\(folder)/error", atomically: false, encoding: .utf8)
    #expect(ErrorFile.message(in: "\(folder)/error") == message)
  }

  @Test func `without a file, or with an empty one, there is none`() throws {
    let folder = try temporaryFolder()
    defer { removeFolder(folder) }
    makeFile("\(folder)/empty")
    #expect(ErrorFile.message(in: "\(folder)/empty") == nil)
    #expect(ErrorFile.message(in: "\(folder)/none") == nil)
  }
}
