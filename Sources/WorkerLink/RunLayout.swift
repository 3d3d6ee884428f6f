/// The names of what a run leaves in its output folder, as launcher and workers know them.
///
/// The folder of its checkpoints is named by the room that writes and verifies these, and so are the files in them.
public enum RunLayout {
  /// A line of JSON for each epoch.
  public static let epochs = "log.txt"
  /// A line of JSON for each step that is logged.
  public static let steps = "train.jsonl"
  /// A row of figures for each epoch, as timm's.
  public static let table = "summary.csv"
  /// What the newest evaluation came to by classes, for pages: training's in the output folder, `evaluate`'s in its own.
  public static let classes = "by-class.json"
  /// The folder of curves for TensorBoard.
  public static let events = "tensorboard"
  /// How the name of a file in it begins.
  public static let eventFile = "events.out.tfevents."
  /// How the name of a folder in it begins, with another run's curves.
  public static let earlierEvents = "earlier-"
  /// What the runs of a sweep have come to, in the sweep's folder.
  public static let sweep = "sweep.json"
  /// A page about the run.
  public static let report = "report.html"
  /// The resolved recipe.
  public static let recipe = "recipe.json"
  /// The folder of what workers have found in the data set: which images there are.
  public static func index(host: Int) -> String { host == 0 ? "index" : "index-\(host)" }
  /// The launcher's own folder, where no other is wanted.
  public static let launcher = "run"
  /// In it, what keeps other runs out of the output folder.
  public static let lock = "\(launcher)/\(launcherLock)"
  /// In the launcher's folder, wherever that is, what keeps other launchers out of it.
  public static let launcherLock = "lock"
  /// In the launcher's folder, the socket where it listens, or a file with the path of one.
  public static let control = "control"
  /// In the launcher's folder, how the run was launched.
  public static let launch = "launch.json"
  /// In the launcher's folder, a line of JSON for each launch of the run, each failure and each end.
  public static let journal = "journal.jsonl"

  /// How the name of a folder ends with an evaluation of a run's weights.
  public static let evaluationFolder = "-evaluation"

  /// In the folder of an evaluation: every figure, how often images of a class were taken for each, the images of wrong answers with
  /// the most confident first, and a page of these.
  public static let (evaluation, confusion, mistakes, mistakeSheet) = (
    "evaluation.json", "confusion.csv", "misclassified.csv", "mistakes.html"
  )

  /// Which weights a file holds.
  public enum Weights: String, CaseIterable, Sendable {
    /// Those that did best on held-out images.
    case best
    /// Those of the last epoch.
    case last
  }

  /// The file of the weights, or of their average.
  public static func weights(_ weights: Weights, average: Bool) -> String {
    weights.rawValue + (average ? "_ema" : "") + ".safetensors"
  }

  /// The files of weights, of which a run leaves some.
  public static let allWeights = [false, true].flatMap { average in
    Weights.allCases.map { weights($0, average: average) }
  }

  /// The file to which a later run moves the lines of a log.
  public static func earlier(_ log: String) -> String { "\(log).earlier" }

  /// The names under which a later run that has no checkpoint keeps a file of weights, the first one that is free.
  public static func earlierWeights(_ name: String) -> some Sequence<String> {
    (1...10_000).lazy.map { "earlier-\($0)-\(name)" }
  }

  /// All files of the output folder but for checkpoints, curves and what is the launcher's.
  public static let files =
    allWeights + [epochs, steps, table].flatMap { [$0, earlier($0)] } + [recipe, report, classes]

  /// In it, the folder of the launcher of another host than the first.
  public static func launcher(host: Int) -> String { "\(ofHost)\(host)" }
  private static let ofHost = "host-"
  /// The number of the host whose launcher's folder has that name; nil for another name.
  public static func host(ofLauncher name: String) -> Int? {
    guard name.hasPrefix(ofHost), let host = Int(name.dropFirst(ofHost.count)), host > 0,
      launcher(host: host) == name
    else { return nil }
    return host
  }
  /// In it, who keeps what becomes of the run.
  public static let host = "host.json"

  /// In the launcher's folder: the logs of one launcher, by attempts.
  public static let logs = "logs"
  /// The folder of an attempt's logs.
  public static func attempt(_ number: Int) -> String { "attempt-\(number)" }
  /// A rank's log.
  public static func log(rank: Int) -> String { "rank-\(rank).log" }
  /// Beside it, where a program that is no worker of ours may write why it fails.
  public static func error(rank: Int) -> String { "rank-\(rank).error.json" }
}
