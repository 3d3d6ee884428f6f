import Recipe
import Testing

@testable import Flags

@Suite struct WarningTests {
  /// A command line, and what is said of it.
  static let cases: [(line: String, sentences: [String])] = [
    ("", []),
    ("--lr 1 --scale 0.5 1 --warmup-lr 0 --drop-path 0.2 --mixup-switch-prob 0.3", []),
    ("--eval --resume x --crop-pct 1 --batch-size 8 --amp O1", []),
    ("--dist-eval", ["--dist-eval (evaluation is always spread over the workers)"]),
    ("--momentum 0.9", ["--momentum (only --opt sgd and muon have momentum to set)"]),
    ("--momentum 0.9 --opt sgd", []), ("--opt lion --opt-eps 1e-6", ["--opt-eps (Lion has no epsilon)"]),
    ("--clip-grad 0 --clip-mode agc", ["--clip-mode (--clip-grad 0 bounds nothing)"]),
    ("--opt sgd --opt-eps 1e-6 --opt-betas 0.9 0.99", ["--opt-betas, --opt-eps (SGD has neither)"]),
    ("--distillation-alpha 0.2", ["--distillation-alpha (there is no --teacher)"]),
    (
      "--teacher x --distillation-tau 2",
      ["--distillation-tau (only --distillation-type soft has a temperature)"]
    ),
    ("--color-jitter 0.4", ["--color-jitter (--aa takes its place)"]),
    ("--color-jitter 0.4 --aa none", []),
    ("--reprob 0 --recount 2 --remode rand", ["--remode, --recount (--reprob 0 erases nothing)"]),
    ("--no-aug --hflip 0 --color-jitter 0", ["--hflip, --color-jitter (--no-aug changes no image)"]),
    (
      "--mixup 0 --cutmix 0 --mixup-mode pair --mixup-prob 0.5",
      ["--mixup-prob, --mixup-mode (neither Mixup nor CutMix is on)"]
    ),
    ("--mixup 0 --mixup-switch-prob 0.1", ["--mixup-switch-prob (only one of Mixup and CutMix is on)"]),
    ("--mixup-prob 0 --cutmix 0.5", ["--cutmix (--mixup-prob 0 mixes nothing)"]),
    ("--cutmix 0 --cutmix-minmax 0.2 0.8", ["--cutmix (--cutmix-minmax takes its place)"]),
    ("--warmup-epochs 0 --warmup-lr 1e-7", ["--warmup-lr (--warmup-epochs 0 warms nothing up)"]),
    ("--amp-dtype float16", ["--amp-dtype (--amp O0 computes in float32)"]),
    ("--amp-dtype float16 --amp O1", []),
    ("--model-ema-decay 0.9", ["--model-ema-decay (there is no --model-ema)"]),
    ("--no-model-ema-warmup", ["--no-model-ema-warmup (there is no --model-ema)"]),
    ("--model-ema --model-ema-warmup", []),
    ("--eval --lr 1 --opt-betas 0.5 0.5 --no-aug", ["--no-aug, --lr, --opt-betas (--eval trains nothing)"]),
    ("--eval --recipe small", ["--recipe (--eval trains nothing)"]),
    ("--eval --no-eval", ["--no-eval (--eval trains nothing)"]), ("--no-eval", []),
    ("--throughout --lr 1", ["--lr (--throughput trains nothing)"]),
    ("--no-pin-mem", ["--no-pin-mem (no pinned memory is used)"]),
    ("--pin-mem", ["--pin-mem (no pinned memory is used)"]),
    ("--use-mcloader", ["--use-mcloader (images are read from --data-path)"]),
    ("--world_size 8", ["--world-size (the launcher's --nproc says how many workers there are)"]),
    ("--dist_url env://", ["--dist-url (the launcher brings the workers together)"]),
    ("--inat-category name", ["--inat-category (it belongs to --data-set INAT)"]),
    ("--resplit", ["--resplit (batches have no augmentation splits)"]),
    (
      "--cooldown-epochs 10 --decay-epochs 30 --dr 0.1 --patience-epochs 10",
      [
        "--cooldown-epochs (the run ends with its schedule)",
        "--decay-epochs (only --sched step has steps of one length)",
        "--decay-rate (--sched cosine, tanh and onecycle fall by no factor)",
        "--patience-epochs (only --sched plateau waits for evaluations)",
      ]
    ),
    ("--no-eval --monitor loss --eval-every 2", ["--monitor, --eval-every (--no-eval evaluates nothing)"]),
    ("--eval --validation-batch-size 9 --tta", []),
    ("--focal-gamma 1", ["--focal-gamma (only --loss focal has it)"]), ("--loss focal --focal-gamma 1", []),
    ("--sampler balanced --no-shuffle", ["--sampler (--no-shuffle keeps the folder's order)"]),
    ("--sampler balanced --repeated-aug", ["--sampler (--repeated-aug shows each image as often)"]),
    ("--mixup 0 --cutmix 0 --mixup-off-epoch 3", ["--mixup-off-epoch (neither Mixup nor CutMix is on)"]),
    ("--cache-limit 8G", ["--cache-limit (there is no --cache)"]), ("--cache ram --cache-limit 8G", []),
    ("--unfreeze-at 3", ["--unfreeze-at (there is no --freeze)"]), ("--freeze backbone --unfreeze-at 3", []),
    ("--mixup-off-epoch 299", []),
    ("--epochs 3 --mixup-off-epoch 3", ["--mixup-off-epoch (the run ends before that epoch)"]),
    (
      "--epochs 3 --freeze backbone --unfreeze-at 3 --layer-decay 0.7",
      [
        "--unfreeze-at (the run ends before that epoch, and what is frozen stays so)",
        "--layer-decay (--freeze backbone has the head alone learn)",
      ]
    ),
    ("--freeze backbone --unfreeze-at 3 --layer-decay 0.7", []),
    ("--epochs 4 --early-stop 2", []),
    ("--epochs 3 --early-stop 2", ["--early-stop (the run has too few evaluations for that)"]),
    (
      "--epochs 12 --early-stop 3 --eval-every 4",
      ["--early-stop (the run has too few evaluations for that)"]
    ),
    ("--epochs 2 --eval-every 2", []),
    (
      "--epochs 2 --eval-every 3",
      ["--eval-every (the run has fewer epochs, and its last one is evaluated anyway)"]
    ),
    (
      "--epochs 9 --sched plateau --patience-epochs 7",
      ["--patience-epochs (the run has too few evaluations to wait for so many)"]
    ),
    (
      "--epochs 9 --sched multistep --decay-milestones 9 12",
      ["--decay-milestones (the run ends before the first of them)"]
    ),
    ("--epochs 9 --sched multistep --decay-milestones 8 12", []),
    ("--epochs 9 --sched step --decay-epochs 9", ["--decay-epochs (the run ends before the first step)"]),
    (
      "--clip-mode agc",
      [
        "--clip-mode (agc takes --clip-grad as a share of the weights' norm, and one of 1 or more bounds nothing that comes up: "
          + "0.01 is usual)"
      ]
    ),
    ("--clip-mode agc --clip-grad 0.01", []),
    ("--sched step --decay-epochs 30 --dr 0.1", []), ("--sched plateau --patience-epochs 3 --dr 0.5", []),
    ("--sched multistep --min-lr 0", ["--min-lr (--sched step and multistep fall without end)"]),
    (
      "--lr-cycle-mul 2 --decay-milestones 3",
      [
        "--lr-cycle-mul (--lr-cycle-limit 1 is one cycle)",
        "--decay-milestones (only --sched multistep has milestones)",
      ]
    ),
    (
      "--sched onecycle --sched-on-updates --lr-cycle-limit 2",
      [
        "--sched-on-updates (--sched onecycle moves with each update, plateau after an evaluation)",
        "--lr-cycle-limit (only --sched cosine, tanh and poly have cycles)",
      ]
    ),
    (
      "--lr-noise-pct 0.5 --lr-noise-std 1",
      ["--lr-noise-pct, --lr-noise-std (the learning rate has no noise)"]
    ),
  ]

  @Test(arguments: cases)
  func `what has no effect is said once, with the reason`(line: String, sentences: [String]) throws {
    #expect(try parse(words(line)).warnings(worldSize: 1) == sentences.map { "no effect: \($0)" })
  }

  @Test func `graphs are of cards that train`() throws {
    let flags = try parse("--no-graph")
    #expect(try flags.warnings(worldSize: 1) == ["no effect: --no-graph (the processor has no graphs)"])
    #expect(try flags.warnings(worldSize: 1, onCard: true) == [])
    let evaluating = try parse("--no-graph", "--eval")
    #expect(
      try evaluating.warnings(worldSize: 1, onCard: true) == ["no effect: --no-graph (--eval trains nothing)"]
    )
  }

  @Test func `a processor comes to the same bits anyway`() throws {
    let flags = try parse("--deterministic")
    #expect(
      try flags.warnings(worldSize: 1) == [
        "no effect: --deterministic (on the CPU a run always comes to the same bits)"
      ])
    #expect(try flags.warnings(worldSize: 1, onCard: true) == [])
  }

  private static let exchange =
    "--no-overlap --bucket-megabytes 4 --no-shard-optimizer --check-weights-every 0"

  @Test func `how workers exchange matters only between workers that train, and partly on the CPU alone`()
    throws
  {
    let flags = try parse(words(Self.exchange))
    let all = "no effect: --no-shard-optimizer, --no-overlap, --bucket-megabytes, --check-weights-every "
    #expect(try flags.warnings(worldSize: 1) == [all + "(one worker has nobody to exchange with)"])
    #expect(try flags.warnings(worldSize: 2) == [])
    #expect(
      try flags.warnings(worldSize: 2, onCard: true) == [
        "no effect: --no-shard-optimizer, --no-overlap "
          + "(on cards each worker updates all weights, after an exchange that follows backward)"
      ])
    let evaluating = try parse(words("--eval " + Self.exchange))
    #expect(try evaluating.warnings(worldSize: 2) == [all + "(--eval trains nothing)"])
    #expect(try parse("--shard-optimizer").warnings(worldSize: 2) == [])
    let rounding = try parse("--gradient-wire", "bfloat16")
    #expect(try rounding.warnings(worldSize: 2) == [])
    #expect(
      try rounding.warnings(worldSize: 2, sumsTravel: false) == [
        "no effect: --gradient-wire (only --transport ipc and tcp, and several hosts, send gradients)"
      ])
  }

  @Test func `copies of checkpoints want several hosts`() throws {
    let copies = try parse("--checkpoint-copies", "2")
    #expect(try copies.warnings(worldSize: 4, hosts: 2) == [])
    #expect(
      try copies.warnings(worldSize: 4) == ["no effect: --checkpoint-copies (one host has one disk)"])
  }

  @Test func `how workers exchange is no part of the recipe`() throws {
    let plain = try parse().recipe(worldSize: 2)
    #expect(try parse(words(Self.exchange)).recipe(worldSize: 2).digest == plain.digest)
  }

  @Test func `a file's values count as the flags' do`() throws {
    try withFile(#"{"optimizer": {"kind": "sgd"}}"#) { path in
      let warnings = try parse("--config", path, "--momentum", "0.5").warnings(worldSize: 1)
      #expect(warnings == [])
    }
  }
}
