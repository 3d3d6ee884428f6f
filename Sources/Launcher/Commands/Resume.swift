import ArgumentParser
import Checkpoint
import Drawing
import Flags
import FoundationEssentials
import Glibc
import Output
import Recipe
import RunControl
import System
import WorkerLink

/// `twins-launch resume RUN`: continues a run that ended, with its own flags.
struct Resume: LaunchCommand {
  static let configuration = CommandConfiguration(
    abstract: "Go on with a run from its newest checkpoint.",
    usage: "twins-launch resume RUN [launch flags] [training flags]",
    discussion: """
      The run has the values of its checkpoint, and as many workers and the launch flags that it was started with. Flags \
      that are given here lie over them; what they change is printed. A run without a checkpoint yet starts as it was \
      started.
      """)

  @OptionGroup var target: RunArgument
  @OptionGroup(title: "Launch flags") var launch: LaunchFlags
  @OptionGroup(title: "Launch flags") var ring: RingFlags
  @OptionGroup var training: TrainingFlags

  func launch(_ signals: consuming SignalReader, environment: [String: String]) throws -> CInt {
    guard training.run.resume == nil, training.run.outputDir == nil else {
      throw LaunchError(
        "resume \(target.run) says where to go on: leave --resume and --output-dir out, or use train with them",
        exitStatus: .usage)
    }
    guard !training.run.overwrite else {
      throw LaunchError(
        "resume goes on with \(target.run), and --overwrite begins anew: give one of them", exitStatus: .usage
      )
    }
    let run = try ResumedRun(target.run, environment: environment)
    try run.requireCheckpoint()
    let arguments = run.arguments(flags, in: FileManager.default.currentDirectoryPath)
    let command = try TrainCommand.parse(arguments)
    return try command.start(signals, environment: environment, arguments: arguments)
  }

  /// The command line without its subcommand and the run's name.
  ///
  /// A flag's value may equal the run's name, so the name is looked for first at the front, where it usually
  /// is, and then from the end.
  private var flags: [String] {
    var arguments = Array(TwinsLaunch.arguments.dropFirst())
    let isName = { withHomeFolder($0) == target.run }
    let index = arguments.first.map(isName) == true ? 0 : arguments.lastIndex(where: isName)
    if let index { arguments.remove(at: index) }
    return arguments
  }
}

/// A run that has ended, as `resume` finds it.
struct ResumedRun {
  /// The run's output folder.
  let output: String
  /// How it was launched; nil where no launcher recorded it, as for a run of twins-worker alone.
  let record: LaunchRecord?
  /// The recipe in its newest checkpoint; nil where there is none.
  let recipe: Recipe?

  init(output: String, record: LaunchRecord?, recipe: Recipe?) {
    (self.output, self.record, self.recipe) = (output, record, recipe)
  }

  /// Finds a run by its launcher's folder, its output folder or its name.
  init(_ given: String, environment: [String: String]) throws(LaunchError) {
    let store = CheckpointStore(naming: given)
    let name = store?.outputFolder ?? given
    if let record = LaunchRecord(in: "\(name)/\(RunLayout.launcher)") {
      self.init(in: name, record)
    } else if let record = LaunchRecord(in: name) {
      self.init(in: record.output(ofRunIn: name), record)
    } else if store?.outputFolder != nil {
      self.init(in: name, nil)
    } else if let folder = try? RunFinder.folder(name, environment: environment),
      let record = LaunchRecord(in: folder)
    {
      self.init(in: record.output(ofRunIn: folder), record)
    } else if let error = RunFinder.folderError(name) {
      throw error
    } else {
      throw LaunchError(
        "no run '\(masked(name))' that could go on: it is neither a folder that a training wrote to, nor the launcher's "
          + "folder in one, nor the name of a run that is running or was killed. Name the folder that was its --output-dir.",
        exitStatus: .missingInput)
    }
  }

  private init(in output: String, _ record: LaunchRecord?) {
    let found = CheckpointStore(ofRunIn: output).newestState(SavedValues.State.self)
    self.init(output: output, record: record, recipe: found?.state.recipe)
  }
}

extension ResumedRun {
  /// Throws where the run has saved only weights: it would start from the beginning.
  func requireCheckpoint() throws(LaunchError) {
    do throws(CheckpointError) {
      try CheckpointStore(ofRunIn: output).requireListing()
    } catch {
      throw LaunchError(
        "\("\(error)".asSentence) The run's checkpoints may lie there: see that this user may read the folder, and that its disk is mounted",
        exitStatus: .inputOutput)
    }
    guard recipe == nil, let earlier = EarlierRun(in: output), earlier.furthest == nil, earlier.best != nil
    else { return }
    throw LaunchError(
      "\(masked(output)) has no checkpoint to go on from, and a run behind it (\(earlier.summary)). \(earlier.wayOn) Begin it "
        + "anew in the same folder: the same training with --overwrite.", exitStatus: .missingInput)
  }

  /// Flags that name sources of values; the checkpoint holds the values themselves.
  private static let sources: Set = ["config", "recipe", "finetune", "resume"]
  /// Recipe values that are paths. They come from the run's last launch where that gave them, since the
  /// checkpoint may stem from an earlier launch in another working directory.
  private static let places: Set = ["data-path", "class-weights", "teacher"]

  /// Returns the command line with which the run continues: the recorded flags of the launcher, overridden by
  /// those given now.
  ///
  /// Values that affect the numbers come from the checkpoint. A run without one starts as it was started.
  ///  - Parameter directory: The present working directory, for relative paths.
  func arguments(_ given: [String], in directory: String) -> [String] {
    let given = FlagGroups(given)
    var noted = FlagGroups(record?.arguments ?? [])
    let trains = !given.isOn("eval") && !given.isOn("throughput")
    noted.remove(given.names.union(trains ? ["output-dir"] : ["output-dir", "resume", "finetune"]))
    // The recording host may be one of several, all of which resume with these flags.
    noted.remove(["node-rank"])
    if recipe != nil {
      noted.remove(TrainingFlags.valueSubjects.union(Self.sources).subtracting(Self.places))
    }
    if let record, record.directory != directory {
      noted.changeValues(of: LaunchRecord.paths) { Self.absolute($0, in: record.directory) }
    }
    var more = trains ? ["--output-dir", output] : ["--resume", output]
    if trains, noted.value(of: "resume") == nil { more += ["--resume", "auto"] }
    if !given.names.contains("nproc"), Int(noted.value(of: "nproc") ?? "") == nil {
      noted.remove(["nproc"])
      more += (record?.workers ?? recipe?.worldSize).map { ["--nproc", "\($0)"] } ?? []
    }
    if let record, let recipe, record.directory != directory {
      for (flag, path) in Self.paths(of: recipe)
      where !given.names.contains(flag) && !noted.names.contains(flag) {
        let whole = Self.absolute(path, in: record.directory)
        if whole != path { more += ["--\(flag)", whole] }
      }
    }
    return noted.arguments + more + given.arguments
  }

  /// The paths among a checkpoint's values, with their flags.
  private static func paths(of recipe: Recipe) -> [(flag: String, path: String)] {
    [
      ("data-path", recipe.data.path), ("class-weights", recipe.loss.classWeights),
      ("teacher", recipe.distillation.teacher),
    ]
  }

  /// Makes a path absolute; other values stay as they are.
  private static func absolute(_ path: String, in directory: String) -> String {
    let path = withHomeFolder(path)
    let isWord = ["", "auto", Recipe.Loss.balanced].contains(path)
    return isWord ? path : Folders.withoutParents(path.hasPrefix("/") ? path : "\(directory)/\(path)")
  }
}

extension SavedValues {
  /// Reads the recipe of the checkpoint from which a run will probably resume, without verifying it; nil
  /// without one.
  ///
  /// The launcher uses it to check flags. The workers verify the checkpoint, and their result decides.
  static func glimpse(_ request: RunRequest) -> SavedValues? {
    guard let flag = request.run.resume else { return nil }
    let store =
      flag == "auto" ? CheckpointStore(ofRunIn: request.outputFolder()) : CheckpointStore(naming: flag)
    guard let store else {
      let state = try? VerifiedCheckpoint.state(State.self, in: flag)
      return state.map { SavedValues(of: $0.recipe, source: flag) }
    }
    guard let (state, folder) = store.newestState(State.self) else { return nil }
    var values = SavedValues(of: state.recipe, source: folder)
    values.outputFolder = store.outputFolder
    return values
  }

  /// The part of a checkpoint's non-tensor state that a launcher needs.
  struct State: Decodable {
    let recipe: Recipe
  }
}
