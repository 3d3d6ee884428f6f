import Recipe
import Testing

@testable import Flags

@Suite struct RangeTests {
  @Test(arguments: [
    "--batch-size 0", "--batch-size -3", "--input-size 31", "--scale 0.9 0.1", "--scale 0.5",
    "--scale 0.5 1.5",
    "--ratio 0.0 1.0", "--ratio 1.0 2.0 3.0", "--hflip 1.5", "--crop-pct 0.0", "--crop-pct 1.5",
    "--drop-path 1.0",
    "--drop-path nan", "--epochs 0", "--max-step 0", "--lr 0.0", "--lr inf", "--warmup-epochs -1",
    "--warmup-lr -1.0", "--min-lr -1.0", "--weight-decay -0.1", "--opt-betas 0.9", "--opt-betas 0.9 1.0",
    "--opt-eps 0.0", "--clip-grad -1.0", "--smoothing 1.0", "--keep 0", "--log-every 0", "--threads 0",
    "--num-workers -1",
  ])
  func `a value out of range is named with its flag`(arguments: String) throws {
    // A value that starts with a dash needs the `=`.
    let flags = try parse(arguments.replacing(" -", with: "=-").split(separator: " ").map(String.init))
    let error = #expect(throws: RecipeError.self) { try flags.recipe(worldSize: 1) }
    #expect(error?.description.hasPrefix(arguments + ": must be ") == true)
    #expect(error?.exitCode == .usage)
  }

  @Test func `the ends of ranges are inside`() throws {
    _ = try parse(
      "--batch-size", "1", "--input-size", "32", "--scale", "1", "1", "--hflip", "1", "--crop-pct", "1",
      "--drop-path", "0", "--epochs", "1", "--max-step", "1", "--warmup-epochs", "0", "--warmup-lr", "0",
      "--min-lr", "0", "--weight-decay", "0", "--opt-betas", "0", "0", "--clip-grad", "0", "--smoothing", "0",
      "--keep", "1", "--log-every", "1", "--threads", "1", "--num-workers", "0"
    ).recipe(worldSize: 1)
  }

  @Test func `an unknown model is answered with the nearest names`() throws {
    let error = #expect(throws: RecipeError.self) {
      try parse("--model", "twins_svt_smal").recipe(worldSize: 1)
    }
    #expect(
      error?.description.hasPrefix("unknown model 'twins_svt_smal'. Nearest: twins_svt_small, ") == true)
    #expect(error?.exitCode == .usage)
  }
}
