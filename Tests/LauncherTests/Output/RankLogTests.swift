import Foundation
import Glibc
import System
import TestSupport
import Testing

@testable import Launcher

@Suite(.enabled(if: SmallDisk.isPossible)) struct RankLogTests {
  /// A megabyte of lines outlives a full disk; of the rest, the log says how much it is.
  @Test func `a full disk tears no line and is told of once`() throws {
    try SmallDisk.run(size: "4m") { disk in
      let path = "\(disk.path)/rank-0.log"
      var log = try RankLog(path: path)
      let ballast = try disk.fill(leaving: 4096)
      var troubles: [String] = []
      for number in 0..<20_000 {
        log.append(line(number))
        if let trouble = log.save() { troubles.append(trouble) }
      }
      #expect(troubles.count == 1 && troubles[0].hasPrefix("cannot write \(path): No space left on device"))
      try FileManager.default.removeItem(atPath: ballast)
      #expect(log.save() == nil)
      log.append("the last\n")
      #expect(log.save() == nil)

      let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      let kept = lines.count - 2
      #expect((10_000..<20_000).contains(kept))
      #expect(lines.prefix(kept).enumerated().allSatisfy { $1 + "\n" == line($0) })
      #expect(lines[kept] == "twins-launch: \(20_000 - kept) lines are missing here: the disk took none")
      #expect(lines.last == "the last")
    }
  }

  @Test func `what the disk never took is told once both streams have ended`() throws {
    try SmallDisk.run(size: "4m") { disk in
      let path = "\(disk.path)/rank-0.log"
      let output = try RankOutput(rank: 0, logPath: path)
      _ = try disk.fill(leaving: 4096)
      let pipe = try Launcher.Pipe()
      var console = Console()
      console.errors = Sink(descriptor: pipe.writing.number)
      for number in 0..<20_000 {
        var line = line(number)
        line.withUTF8 { output.receive(UnsafeRawBufferPointer($0), from: .output, into: &console) }
      }
      for stream in [WorkerStream.output, .output, .errors, .errors] {
        output.finish(stream, into: &console)
      }
      console.errors.write("end\n")
      console.errors.flush()
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = read(pipe.reading.number, &bytes, bytes.count)
      let said = lines(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self))
      let written = try Data(contentsOf: URL(fileURLWithPath: path)).count { $0 == newline }
      try #require(said.count == 3 && said[0].hasPrefix("twins-launch: cannot write \(path)"), "\(said)")
      #expect(said[1] == "twins-launch: \(20_000 - written) lines of \(path) were never written.")
    }
  }
}

/// A short one after each long one: it would still fit where that did not.
private func line(_ number: Int) -> String {
  "line \(number) \(String(repeating: "x", count: number % 2 == 0 ? 160 : 0)).\n"
}

extension RankLog {
  fileprivate mutating func append(_ line: String) {
    var line = line
    line.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }
}
