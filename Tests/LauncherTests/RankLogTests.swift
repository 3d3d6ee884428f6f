import Foundation
import TestSupport
import Testing

@testable import Launcher

@Suite(.enabled(if: SmallDisk.isPossible)) struct RankLogTests {
  /// A megabyte of lines outlives a full disk; of the rest, the log says how much it is.
  @Test func aFullDiskTearsNoLineAndIsToldOfOnce() throws {
    try SmallDisk.run(size: "4m") { disk in
      let path = "\(disk.path)/rank-0.log"
      var log = try RankLog(path: path)
      let ballast = try disk.fill(leaving: 4096)
      var troubles: [String] = []
      for number in 0..<20_000 {
        log.append("line \(number) \(String(repeating: "x", count: 80))\n")
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
      #expect(
        lines.prefix(kept).enumerated().allSatisfy { $1.hasPrefix("line \($0) x") && $1.hasSuffix("xx") })
      #expect(lines[kept] == "twins-launch: \(20_000 - kept) lines are missing here: the disk took none")
      #expect(lines.last == "the last")
    }
  }
}

extension RankLog {
  fileprivate mutating func append(_ line: String) {
    var line = line
    line.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }
}
