import Foundation
import Testing

extension Trainings {
  @Suite struct RankTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    /// What may not depend on the number of ranks: order, crops, flips, RandAugment, erased boxes and dropped paths,
    /// all drawn per image.
    @Test(arguments: [["--no-aug", "--drop-path", "0"], ["--drop-path", "0.3"]])
    func `one worker alone, one under the launcher and four have the same losses`(flags: [String]) throws {
      let alone = try losses(.worker, [], "alone", batch: 8, flags)
      let launched = try losses(.launcher, ["--nproc", "1"], "launched", batch: 8, flags)
      let four = try losses(.launcher, ["--nproc", "4"], "four", batch: 2, flags)
      try #require(alone.count == ImageFolder.trainingCount / 8 && four.count == alone.count)
      #expect(launched == alone)
      for (shared, own) in zip(four, alone) {
        #expect(abs(shared - own) <= 1e-5 * own, "\(four) and \(alone)")
      }
    }

    @Test func `four workers look for a rate as one does, and leave a curve alone`() throws {
      let search = ["--lr-find", "--lr-find-steps", "20", "--drop-path", "0"]
      var curves: [[Double]] = []
      for (launch, batch) in [("1", "8"), ("4", "2")] {
        let training = place.training(launch, "--batch-size", batch)
        let end = try ProgramRun(.launcher, ["--nproc", launch] + training + search, in: place).finish()
        #expect(end.status == Status.done, "\(end.errors)")
        let files = RunFiles(folder: place.output(launch))
        #expect(try files.names().subtracting(["index"]) == ["lr-find.csv", "lr-find.html"])
        let rows = String(decoding: try files.bytes("lr-find.csv"), as: UTF8.self).split(separator: "\n")
        curves.append(rows.dropFirst().compactMap { Double($0.split(separator: ",")[2]) })
      }
      try #require(curves[0].count > 5 && curves[1].count == curves[0].count)
      for (shared, own) in zip(curves[1], curves[0]) {
        #expect(abs(shared - own) <= 1e-3 * own, "\(curves)")
      }
    }

    private func losses(
      _ program: ProgramRun.Program, _ launch: [String], _ output: String, batch: Int, _ flags: [String]
    ) throws -> [Double] {
      let training = place.training(output, "--batch-size", "\(batch)", "--log-every", "1", "--no-eval")
      let end = try ProgramRun(program, launch + training + flags, in: place).finish()
      #expect(end.status == Status.done, "\(end.errors)")
      return try RunFiles(folder: place.output(output)).steps().map(\.loss)
    }
  }
}
