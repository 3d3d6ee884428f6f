import Foundation
import Testing

/// `scripts/stage`, which shows a step of the set-up as one line.
@Suite struct StageTests {
  @Test func `a stage that works is one line with its time`() throws {
    let (status, output) = try stage("echo sixty lines of a compiler; echo a warning >&2")
    #expect(status == 0)
    #expect(output == "Building the house … 0 s\n" || output == "Building the house … 1 s\n")
  }

  @Test func `a stage that fails shows what it printed and ends with its line and status`() throws {
    let (status, output) = try stage("echo compiling; echo the error >&2; exit 3")
    #expect(status == 3)
    let lines = output.split(separator: "\n")
    #expect(lines.prefix(3) == ["Building the house … failed:", "compiling", "the error"])
    #expect(lines.last?.hasPrefix("Building the house: failed after ") == true)
  }

  @Test func `with V=1 everything is shown as it comes`() throws {
    let (status, output) = try stage("echo compiling; exit 3", environment: ["V": "1"])
    #expect(status == 3)
    #expect(output.hasPrefix("Building the house\ncompiling\nBuilding the house: failed after "))
  }

  private func stage(_ script: String, environment: [String: String] = ["V": "0"]) throws -> (Int32, String) {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let process = Process()
    process.executableURL = root.appendingPathComponent("scripts/stage")
    process.arguments = ["Building the house", "bash", "-c", script]
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}
