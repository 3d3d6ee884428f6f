/// Translates flags of timm, Lightning, Hugging Face's trainer and torchrun by meaning, where similar
/// spelling would mislead.
public enum ForeignFlags {
  /// What to type instead of the flag that a parser's message calls unknown; nil if that flag is not among
  /// these.
  public static func advice(onMessage message: String) -> String? {
    let opening = "Unknown option '"
    guard let start = message.firstRange(of: opening)?.upperBound else { return nil }
    return advice(on: String(message[start...].prefix { $0 != "'" }))
  }

  /// What to type instead of a flag.
  static func advice(on flag: String) -> String? {
    let name = normalizedArguments([flag])[0]
    return (meanings + [launching]).first { $0.names.split(separator: " ").contains { $0 == name } }.map {
      meaning in
      meaning.ours.hasPrefix("-")
        ? "there is no flag \(flag); here it is \(meaning.ours)" : "there is no flag \(flag): \(meaning.ours)"
    }
  }

  /// The other programs' flags.
  static var theirs: [String] { meanings.flatMap { $0.names.split(separator: " ").map(String.init) } }

  /// This project's flags that replace them.
  static var ours: Set<String> {
    Set(
      meanings.flatMap { $0.ours.split { " ,".contains($0) }.filter { $0.hasPrefix("--") }.map(String.init) })
  }

  private typealias Meaning = (names: String, ours: String)

  private static let meanings: [Meaning] = images + steps + network + places + workers

  /// Flags of this project's launcher.
  private static let launching: Meaning = (
    "--nproc --nproc-per-node --max-restarts --run-dir --run-id --transport --hang-timeout --grace --threads-per-worker",
    "it is one of twins-launch train, and of no use here: leave it away"
  )

  private static let images: [Meaning] = [
    ("--img-size --image-size --resolution --size --train-crop-size --imgsz", "--input-size PIXELS"),
    (
      "--data-dir --data --dataset-dir --data-root --root --dataset-path --train-dir --imagenet",
      "--data-path DIR"
    ),
    ("--interpolation", "--train-interpolation FILTER"),
    ("--auto-augment --aa-policy", "--aa POLICY"), ("--random-erase --random-erasing", "--reprob CHANCE"),
    ("--bce-loss", "--loss bce"), ("--vertical-flip", "--vflip CHANCE"),
    ("--teacher-path", "--teacher RUN|WEIGHTS"),
    ("--label-smoothing", "--smoothing SHARE"), ("--mixup-alpha", "--mixup ALPHA"),
    ("--cutmix-alpha", "--cutmix ALPHA"),
    ("--aug-repeats --ra-sampler --ra-reps", "--repeated-aug"),
    ("--no-prefetcher", "images are decoded ahead by threads: leave it away"),
    ("--num-classes --nb-classes", "the folders in train/ are the classes, and their number is found there"),
    (
      "--train-split",
      "the splits are the folders train/ and val/ in --data-path, and --val-split PART holds images out"
    ),
  ]

  private static let steps: [Meaning] = [
    (
      "-b --batch --train-batch-size --per-device-train-batch-size --batch-size-per-gpu",
      "--batch-size N, for each worker"
    ),
    (
      "--vb --per-device-eval-batch-size --eval-batch-size", "--validation-batch-size N, for each worker"
    ),
    (
      "--grad-accum-steps --grad-accum --accumulate-grad-batches --gradient-accumulation-steps --accum-iter --update-freq",
      "--accumulate N"
    ),
    ("--max-epochs --num-train-epochs --num-epochs -e", "--epochs N"),
    ("--max-steps --limit-train-batches --steps", "--max-step N, which ends each epoch after N steps"),
    ("--learning-rate --lr-base --blr --base-lr", "--lr RATE"), ("--wd", "--weight-decay DECAY"),
    ("--warmup-lr-init", "--warmup-lr RATE"), ("--lr-min", "--min-lr RATE"),
    ("--warmup-steps --warmup-ratio", "--warmup-epochs N"),
    ("--max-grad-norm --gradient-clip-val --clip --clip-grad-norm", "--clip-grad NORM"),
    ("--optimizer --optim", "--opt RULE"),
    ("--scheduler --lr-scheduler --lr-scheduler-type", "--sched SHAPE"),
    ("--ema --use-ema-weights", "--model-ema"), ("--ema-decay", "--model-ema-decay DECAY"),
  ]

  private static let network: [Meaning] = [
    ("-a --arch --architecture --net --model-name", "--model NAME"),
    ("--drop-path-rate --stochastic-depth", "--drop-path RATE"), ("--dropout --drop-rate", "--drop RATE"),
    (
      "--initial-checkpoint --pretrained --pretrained-weights --init-weights --load-weights --finetune-from",
      "--finetune FILE"
    ),
    ("--in-chans", "images have three channels: leave it away"),
    ("--precision --native-amp --apex-amp --use-amp --bf16 --mixed-precision", "--amp O1"),
    ("--fp16 --half", "--amp O1 --amp-dtype float16"), ("--no-cuda --cpu", "--device cpu"),
    ("--accelerator", "--device KIND"), ("--random-seed --manual-seed", "--seed N"),
    (
      "--torchcompile --torchscript --compile --fuser --channels-last",
      "the kernels are compiled ahead: leave it away"
    ),
  ]

  private static let places: [Meaning] = [
    ("--experiment --exp-name", "--output-dir DIR for a folder of its own, or --run-id NAME for its name"),
    (
      "--output --out --out-dir --default-root-dir --save-dir --logging-dir --work-dir -o", "--output-dir DIR"
    ),
    ("--checkpoint-hist --save-total-limit --save-top-k --keep-last", "--keep N"),
    ("--save-every --save-steps --recovery-interval --checkpoint-freq", "--checkpoint-every STEPS"),
    ("--log-interval --print-freq --log-every-n-steps --logging-steps -p", "--log-every STEPS"),
    (
      "--ckpt-path --resume-from-checkpoint --checkpoint --load",
      "--resume PATH, or --resume auto for the newest"
    ),
    ("--evaluate --validate --eval-only --test-only --do-eval", "--eval"),
    ("--no-validate --skip-eval", "--no-eval"), ("--fast-dev-run", "--dry-run"),
    ("--log-wandb", "the files of TensorBoard are always there, which W&B imports: leave it away"),
    ("--val-interval --check-val-every-n-epoch", "--eval-every N"),
    ("--early-stopping-patience --patience --early-stopping", "--early-stop N"),
    ("--eval-metric --metric-for-best-model", "--monitor FIGURE"),
  ]

  private static let workers: [Meaning] = [
    (
      "-j --workers --num-loader-workers --dataloader-num-workers --num-data-workers",
      "--num-workers N, for each worker"
    ),
    ("--gpus --devices --num-gpus --ngpus --num-processes -n -g", "--nproc N of twins-launch"),
    (
      "--standalone --rdzv-backend",
      "all workers run on this host, unless --nnodes says otherwise: leave it away"
    ),
    ("--num-nodes --num-machines", "--nnodes N"), ("--machine-rank", "--node-rank N"),
    ("--rdzv-id", "--run-id NAME"),
    ("--master-addr --master-port --main-process-ip", "--rdzv-endpoint HOST:PORT, with several hosts"),
    ("--local-rank", "twins-launch finds it by itself: leave it away"),
    ("--log-dir", "--run-dir DIR, which holds the workers' logs"),
    (
      "--redirects --tee -r -t",
      "all that workers print is in the logs, and rank 0's here too: leave it away"
    ),
    (
      "--start-method --monitor-interval --rdzv-conf --local-addr --role",
      "twins-launch finds it by itself: leave it away"
    ),
    (
      "--module -m --no-python",
      "it starts twins-worker; any other program is started by twins-launch --nproc N --exec PROGRAM"
    ),
    ("--strategy", "gradients are averaged over the workers: leave it away"),
    ("--backend --dist-backend", "--transport NAME"),
    ("--sync-bn --find-unused-parameters --dist-bn", "the networks need none of it: leave it away"),
  ]
}
