import ArgumentParser
import Recipe
import Testing

@testable import Flags

@Suite struct RangeTests {
  @Test(arguments: [
    "--batch-size 0", "--batch-size -3", "--input-size 31", "--crop-pct 0.0", "--crop-pct 1.5",
    "--scale 0.9 0.1",
    "--scale 0.5", "--scale 0.5 1.5", "--ratio 0.0 1.0", "--ratio 1.0 2.0 3.0", "--hflip 1.5",
    "--color-jitter -0.5", "--reprob 1.5", "--recount 0", "--mixup -1.0", "--cutmix -1.0", "--cutmix inf",
    "--cutmix-minmax 0.8 0.2", "--cutmix-minmax 0.5", "--mixup-prob 1.5", "--mixup-switch-prob -0.5",
    "--smoothing 1.0", "--drop 1.0", "--drop-path 1.0", "--drop-path nan", "--model-ema-decay 1.0",
    "--epochs 0",
    "--start-epoch -1", "--max-step 0", "--lr 0.0", "--lr inf", "--warmup-epochs -1", "--warmup-lr -1.0",
    "--min-lr -1.0", "--weight-decay -0.1", "--opt-betas 0.9", "--opt-betas 0.9 1.0", "--opt-eps 0.0",
    "--momentum 1.0", "--clip-grad -1.0", "--clip-grad nan", "--accumulate 0", "--keep 0",
    "--checkpoint-every -1", "--checkpoint-copies 0", "--log-every 0",
    "--threads 0", "--num-workers -1", "--bucket-megabytes 0", "--bucket-megabytes 1025",
    "--check-weights-every -1", "--opt adam", "--sched sigmoid", "--lr-cycle-limit 0",
    "--lr-cycle-mul 0.0", "--lr-cycle-decay 2.0", "--decay-epochs 0.0", "--decay-milestones 20 10",
    "--decay-rate 0.0",
    "--patience-epochs -1", "--freeze stages:3-1", "--freeze stages:0-1-2", "--freeze a,,b",
    "--unfreeze-at 0",
    "--layer-decay 1.5", "--head-lr 0.0", "--mean 0.5 0.5", "--mean 0.0 0.0 1.5", "--std 0.0 1.0 1.0",
    "--early-stop 0",
    "--eval-every 0", "--vflip 1.5",
    "--mixup-off-epoch 0", "--focal-gamma -1.0",
    "--validation-batch-size 0",
  ])
  func `a value out of range is named with its flag`(arguments: String) throws {
    let flags = try parse(words(arguments))
    let error = #expect(throws: RecipeError.self) { try flags.recipe(worldSize: 1) }
    #expect(error?.description.hasPrefix(arguments + ": must be ") == true)
    #expect(error?.exitStatus == .usage)
  }

  /// A count without an upper end overflows, asks for all memory or never ends.
  @Test(arguments: [
    "--batch-size", "--input-size", "--recount", "--epochs", "--start-epoch", "--max-step", "--warmup-epochs",
    "--accumulate", "--keep", "--checkpoint-every", "--checkpoint-copies", "--log-every", "--threads",
    "--num-workers",
    "--bucket-megabytes", "--check-weights-every", "--lr-cycle-limit", "--patience-epochs", "--unfreeze-at",
    "--early-stop", "--eval-every", "--mixup-off-epoch", "--validation-batch-size",
  ])
  func `the largest integer is too large for every flag, and the message names the bound`(flag: String) throws
  {
    let flags = try parse(flag, "\(Int.max)")
    let error = #expect(throws: RecipeError.self) { try flags.recipe(worldSize: 1024) }
    let words = error?.description.split(separator: " ") ?? []
    #expect(words.starts(with: [flag[...], "\(Int.max):", "must", "be", "from"]), "\(words)")
    #expect(words.last.flatMap { Int($0) }.map { $0 <= 1_000_000_000 } == true)
    #expect(error?.exitStatus == .usage)
  }

  @Test(arguments: [
    "--input-size 1000000", "--mixup 1e300", "--cutmix 1e300", "--color-jitter 1e300", "--ratio 1.0 1e300",
    "--lr 1e300", "--warmup-lr 1e300", "--min-lr 1e300", "--weight-decay 1e300", "--opt-eps 1e300",
    "--clip-grad 1e300",
  ])
  func `so is a number that weights cannot hold`(line: String) throws {
    let flags = try parse(words(line))
    let error = #expect(throws: RecipeError.self) { try flags.recipe(worldSize: 1) }
    #expect(error?.description.contains(": must be ") == true)
  }

  @Test func `the ends of ranges are inside`() throws {
    _ = try parse(
      words(
        "--batch-size 1 --input-size 32 --scale 1 1 --hflip 1 --crop-pct 1 --color-jitter 0 --reprob 1 --recount 1 "
          + "--mixup 0 --cutmix 0 --cutmix-minmax 1 1 --mixup-prob 0 --mixup-switch-prob 1 --smoothing 0 --drop 0 "
          + "--drop-path 0 --model-ema-decay 0 --epochs 1 --start-epoch 0 --max-step 1 --warmup-epochs 0 --warmup-lr 0 "
          + "--min-lr 0 --weight-decay 0 --opt-betas 0 0 --momentum 0 --clip-grad 0 --accumulate 1 --keep 1 --checkpoint-every 0 "
          + "--checkpoint-copies 1 --log-every 1 --threads 1 --num-workers 0 --bucket-megabytes 1 --check-weights-every 0"
      )
    ).recipe(worldSize: 1)
  }

  @Test func `an average of a file's weights needs the file`() throws {
    let error = #expect(throws: RecipeError.self) { try parse("--use-ema").recipe(worldSize: 1) }
    #expect(error?.description.hasPrefix("--use-ema: takes the averaged weights of a file") == true)
    #expect(error?.exitStatus == .usage)
    for flag in ["--finetune", "--resume"] { _ = try parse("--use-ema", flag, "w.pth").recipe(worldSize: 1) }
  }

  @Test func `an unknown model is answered with the nearest names`() throws {
    let error = #expect(throws: RecipeError.self) {
      try parse("--model", "twins_svt_smal").recipe(worldSize: 1)
    }
    #expect(
      error?.description.hasPrefix("unknown model 'twins_svt_smal'. Nearest: twins_svt_small, ") == true)
    #expect(error?.exitStatus == .usage)
  }

  @Test(arguments: ["CIFAR", "INAT", "INAT19"])
  func `other kinds of data set are refused`(kind: String) throws {
    let error = #expect(throws: RecipeError.self) { try parse("--data-set", kind).recipe(worldSize: 1) }
    #expect(error?.description.hasPrefix("--data-set \(kind): this kind of data set is not read") == true)
  }

  @Test func `noise on the learning rate is refused`() throws {
    let error = #expect(throws: RecipeError.self) {
      try parse("--lr-noise", "0.4", "0.9").recipe(worldSize: 1)
    }
    #expect(error?.description.hasPrefix("--lr-noise: ") == true)
  }

  @Test(arguments: [
    "--remode cut", "--mixup-mode all", "--train-interpolation nearest", "--amp O2", "--epochs many",
  ])
  func `a word that a flag does not know is a mistake of the command line`(arguments: String) {
    let error = #expect(throws: (any Error).self) { try parse(words(arguments)) }
    #expect(error.map { TrainingFlags.exitCode(for: $0) } == .validationFailure)
  }
}
