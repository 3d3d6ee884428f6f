import Foundation
import Testing

extension EndToEnd {
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
