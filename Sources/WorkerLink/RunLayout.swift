/// The names of the files in a run's output folder, shared by launcher and workers.
///
/// The names of checkpoints and their files belong to the Checkpoint target, which writes and verifies them.
public enum RunLayout {
  /// A line of JSON for each epoch.
  public static let epochs = "log.txt"
  /// A line of JSON for each logged step.
  public static let steps = "train.jsonl"
  /// A row of figures for each epoch, in timm's format.
  public static let table = "summary.csv"
  /// The newest evaluation by class, for pages: training's in the output folder, `evaluate`'s in its own.
  public static let classes = "by-class.json"
  /// The folder of TensorBoard's event files.
  public static let events = "tensorboard"
  /// The prefix of an event file's name.
  public static let eventFile = "events.out.tfevents."
  /// The prefix of a subfolder with another run's curves.
  public static let earlierEvents = "earlier-"
  /// The results of a sweep's runs, in the sweep's folder.
  public static let sweep = "sweep.json"
  /// A page on the run.
  public static let report = "report.html"
  /// The resolved recipe.
  public static let recipe = "recipe.json"
  /// The folder of the data set's indexes.
  public static func index(host: Int) -> String { host == 0 ? "index" : "index-\(host)" }
  /// The launcher's own folder, unless another is given.
  public static let launcher = "run"
  /// The lock, in the launcher's folder, that keeps other runs out of the output folder.
  public static let lock = "\(launcher)/\(launcherLock)"
  /// The lock, in the launcher's folder wherever that is, that keeps other launchers out of it.
  public static let launcherLock = "lock"
  /// In the launcher's folder, the control socket, or a file with the path of one.
  public static let control = "control"
  /// In the launcher's folder, how the run was launched.
  public static let launch = "launch.json"
  /// In the launcher's folder, a line of JSON for each launch of the run, each failure and each end.
  public static let journal = "journal.jsonl"

  /// The suffix of a folder with an evaluation of a run's weights.
  public static let evaluationFolder = "-evaluation"

  /// In an evaluation's folder: all figures, the confusion matrix, the misclassified images with the most
  /// confident first, and a page of these.
  public static let (evaluation, confusion, mistakes, mistakeSheet) = (
    "evaluation.json", "confusion.csv", "misclassified.csv", "mistakes.html"
  )

  /// Which weights a file contains.
  public enum Weights: String, CaseIterable, Sendable {
    /// The weights with the best validation result.
    case best
    /// The weights of the last epoch.
    case last
  }

  /// The file of the weights, or of their running average.
  public static func weights(_ weights: Weights, average: Bool) -> String {
    weights.rawValue + (average ? "_ema" : "") + ".safetensors"
  }

  /// All possible files of weights.
  public static let allWeights = [false, true].flatMap { average in
    Weights.allCases.map { weights($0, average: average) }
  }

  /// The file to which a later run moves a log's lines.
  public static func earlier(_ log: String) -> String { "\(log).earlier" }

  /// Names under which a later run without a checkpoint keeps an earlier file of weights; it uses the first
  /// that is free.
  public static func earlierWeights(_ name: String) -> some Sequence<String> {
    (1...10_000).lazy.map { "earlier-\($0)-\(name)" }
  }

  /// All files of the output folder except checkpoints, curves and the launcher's.
  public static let files =
    allWeights + [epochs, steps, table].flatMap { [$0, earlier($0)] } + [recipe, report, classes]

  /// In the launcher's folder, the folder of another host's launcher.
  public static func launcher(host: Int) -> String { "\(ofHost)\(host)" }
  private static let ofHost = "host-"
  /// The host's number in the name of a launcher's folder; nil for another name.
  public static func host(ofLauncher name: String) -> Int? {
    guard name.hasPrefix(ofHost), let host = Int(name.dropFirst(ofHost.count)), host > 0,
      launcher(host: host) == name
    else { return nil }
    return host
  }
  /// In another host's launcher folder, where the run's results are kept.
  public static let host = "host.json"

  /// In the launcher's folder, one launcher's logs, by attempt.
  public static let logs = "logs"
  /// The folder of an attempt's logs.
  public static func attempt(_ number: Int) -> String { "attempt-\(number)" }
  /// A rank's log.
  public static func log(rank: Int) -> String { "rank-\(rank).log" }
  /// Beside the log, where a program that is not this project's worker may write why it failed.
  public static func error(rank: Int) -> String { "rank-\(rank).error.json" }
}
