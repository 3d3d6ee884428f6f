import Collective
import Foundation
import Testing

@testable import Engines

@Suite("Sums over cards") struct CardSumsTests {
  @Test(arguments: [("nccl", "NCCL 2.28.9", "invalid usage"), ("hccl", "HCCL", "parameter error")])
  func `a library's functions are found by their names, and sum`(
    library: String, name: String, words: String
  ) throws {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let products = URL(fileURLWithPath: own).deletingLastPathComponent()
    let (process, output) = (Process(), Pipe())
    process.executableURL = products.appendingPathComponent("card-sums")
    process.arguments = [products.appendingPathComponent("libTestCard.so").path, library]
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 0, "\(text)")
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines.first == "name: \(name)")
    #expect(
      lines.contains { $0.contains("the transport between ranks failed: \(name): ") && $0.hasSuffix(words) })
    #expect(lines.filter { $0.hasPrefix("one card: ") && $0.hasSuffix(words) }.count == 2, "\(text)")
    #expect(lines.last == "all passed")
  }

  @Test(arguments: [(CardLibrary.nccl, "libnccl.so.2"), (.hccl, "libhccl.so")])
  func `a library that is not there is named`(library: CardLibrary, file: String) {
    let error = #expect(throws: EngineFailure.self) { try library.name() }
    #expect("\(error.map { "\($0)" } ?? "")".hasPrefix("\(file): cannot open shared object file"))
  }
}
