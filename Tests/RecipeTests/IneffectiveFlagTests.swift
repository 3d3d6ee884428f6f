import Testing

@testable import Flags

@Suite struct IneffectiveFlagTests {
  @Test func `flags that work are not mentioned`() throws {
    #expect(try parse().ineffective.isEmpty)
    #expect(try parse("--lr", "1", "--scale", "0.5", "1", "--warmup-lr", "0").ineffective.isEmpty)
    // The default again, which changes nothing.
    #expect(try parse("--eval", "--resume", "x", "--lr", "5e-4").ineffective.isEmpty)
  }

  @Test func `distributed evaluation is always on`() throws {
    #expect(
      try parse("--dist-eval").ineffective
        == ["no effect: --dist-eval (evaluation is always spread over the workers)"])
  }

  @Test func `evaluation alone heeds nothing that training does`() throws {
    let flags = try parse(
      "--eval", "--lr", "1", "--epochs", "2", "--no-aug", "--opt-betas", "0.5", "0.5", "--crop-pct", "1")
    #expect(flags.ineffective == ["no effect: --no-aug, --epochs, --lr, --opt-betas (--eval trains nothing)"])
  }

  @Test func `without augmentation its numbers are idle`() throws {
    let flags = try parse("--no-aug", "--scale", "0.5", "1", "--hflip", "0", "--crop-pct", "1")
    #expect(
      flags.ineffective == ["no effect: --scale, --hflip (--no-aug crops and flips nothing at random)"])
  }

  @Test func `without warm-up its start is idle`() throws {
    let flags = try parse("--warmup-epochs", "0", "--warmup-lr", "1e-7")
    #expect(flags.ineffective == ["no effect: --warmup-lr (--warmup-epochs 0 warms nothing up)"])
  }
}
