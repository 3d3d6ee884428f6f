import CImage
import Foundation
import Glibc
import TestSupport
import Testing

extension EndToEnd {
  /// Ranks that make the others wait in every step.
  @Suite struct StragglerTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    /// In the folder's order, without shuffling, rank 2 of 3 gets every third image: those are large.
    @Test func `a rank with slow images is named once, with the phase that costs it`() throws {
      let images = "\(place.folder)/uneven"
      try writeImages(to: images) { $0 % 3 == 2 }
      let run = try launch("--data-path", images, "--no-shuffle", "--log-every", "5", "--epochs", "9999")
      // A machine that is busy with other things may break the first streaks of fifty steps.
      for _ in 0..<100 where !run.errors.contains("note: rank") { try run.read(to: "Epoch: ") }
      run.send(SIGTERM)
      let end = try run.finish()
      #expect(end.status == Status.stoppedEarly, "\(end.errors)")
      let named = end.errors.matches(
        of: #/note: rank (\d) is \d+ % slower than the median: (\w+) takes [\d.]+ ms/#)
      #expect(named.map { "\($0.output.1) \($0.output.2)" } == ["2 data"], "\(end.errors)")
      #expect(place.leftovers.isEmpty)
    }

    private func launch(_ flags: String...) throws -> ProgramRun {
      let training = place.training("out", "--batch-size", "1", "--num_workers", "1", "--no-aug", "--no-eval")
      return try ProgramRun(
        .launcher, ["--nproc", "3", "--hang-timeout", "10"] + training + flags, in: place)
    }

    /// Links to two images, in the order in which a folder is read.
    private func writeImages(to path: String, isLarge: (Int) -> Bool) throws {
      let files = FileManager.default
      try files.createDirectory(atPath: path, withIntermediateDirectories: true)
      let sizes = ["small": 40, "large": 3500]
      for (name, side) in sizes {
        let row = Rule.bits(name, side * 3).map { UInt8($0 >> 56) }
        let samples = (0..<side).flatMap { row[$0...] + row[..<$0] }
        try #require(ci_png_write("\(path)/\(name).png", samples, Int32(side), Int32(side), 3) == 0)
      }
      for number in 0..<180 {
        let folder = "\(path)/\(number < 150 ? "train/\(number / 75)" : "val/\(number % 2)")"
        try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try files.linkItem(
          atPath: "\(path)/\(isLarge(number) ? "large" : "small").png",
          toPath: "\(folder)/\(1000 + number).png")
      }
    }
  }
}
