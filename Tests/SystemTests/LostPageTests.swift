import Foundation
import Glibc
import System
import SystemPackage
import Testing

@Suite struct LostPageTests {
  @Test func `a file that is cut off where it is mapped ends the process with its name, and not by SIGBUS`()
    async throws
  {
    let end = await #expect(processExitsWith: .exitCode(74), observing: [\.standardErrorContent]) {
      ProcessSignals.letKill()
      let path = FilePath("/tmp/twins-cut-\(getpid())")
      defer { path.withPlatformString { _ = unlink($0) } }
      try Data(count: 1 << 20).write(to: URL(fileURLWithPath: path.string))
      let file = try RegularFile(path)
      let mapped = MappedMemory(reading: file, advice: "Fetch it again")
      let memory = try #require(mapped)
      // Others come and go beside it.
      for _ in 0..<100 { _ = MappedMemory(reading: file, advice: "Not this") }
      #expect(memory.start.load(fromByteOffset: 1 << 19, as: UInt8.self) == 0)
      truncate(path.string, 0)
      unlink(path.string)
      exit(CInt(memory.start.load(fromByteOffset: 1 << 19, as: UInt8.self)))
    }
    let errors = String(decoding: end?.standardErrorContent ?? [], as: UTF8.self)
    #expect(
      errors.contains(#/error: /tmp/twins-cut-\d+ was cut off while it was in use, .* Fetch it again\n/#))
    #expect(!errors.contains("Not this") && !errors.contains("acktrac"), "\(errors)")
  }

  @Test func `any other fault stays what it was`() async {
    await #expect(processExitsWith: .signal(SIGBUS)) {
      ProcessSignals.letKill()
      let path = FilePath("/tmp/twins-cut-\(getpid())")
      try Data(count: 1 << 20).write(to: URL(fileURLWithPath: path.string))
      let file = try RegularFile(path)
      let mapped = MappedMemory(sharing: file.descriptor, byteCount: file.size, isWritable: false)
      let memory = try #require(mapped)
      truncate(path.string, 0)
      unlink(path.string)
      exit(CInt(memory.start.load(fromByteOffset: 1 << 19, as: UInt8.self)))
    }
  }
}
