import Foundation
import Testing

@Suite struct KernelTests {
  @Test func `the kernels of a block err no more than libtorch's operations, on every instruction set`()
    throws
  {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let (process, output) = (Process(), Pipe())
    process.executableURL = URL(fileURLWithPath: own).deletingLastPathComponent()
      .appendingPathComponent("kernel-tests")
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 0)
    #expect(text.split(separator: "\n").filter { $0.contains("FAILED") } == [])
    #expect(text.hasSuffix("all passed\n"))
  }
}
