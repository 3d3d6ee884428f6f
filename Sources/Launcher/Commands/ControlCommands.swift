import ArgumentParser
import Drawing
import FoundationEssentials
import Recipe
import RunControl
import System

/// The argument by which a user names a run.
struct RunArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp("The run's folder, its output folder, or its name.", valueName: "run"),
    transform: withHomeFolder)
  var run: String

  /// Sends a request to the run's launcher and returns the answer; ends this program with a message where
  /// that fails.
  func ask(_ request: ControlRequest) throws -> RunStatus {
    do {
      return try Self.ask(request, run, ProcessInfo.processInfo.environment)
    } catch let error as LaunchError {
      throw refusal(Self.ended(run, insteadOf: error))
    }
  }

  /// The message for a run that cannot be asked because it has ended.
  static func ended(_ run: String, insteadOf error: LaunchError) -> LaunchError {
    guard error.exitStatus == .missingInput,
      let history = RunFolder(run)?.history, !history.isEmpty,
      history.ending != .running, history.ending != .killed
    else { return error }
    return LaunchError(
      "\(masked(run)) has ended (\(history.state)), so nobody is there to ask. What became of it: "
        + shellQuoted(["twins-launch", "status", run]), exitStatus: .missingInput)
  }

  /// Sends a request to a run's launcher.
  static func ask(
    _ request: ControlRequest, _ run: String, _ environment: [String: String]
  ) throws -> RunStatus {
    do {
      let folder = try RunFinder.folder(run, environment: environment)
      let answer = try ControlClient.ask(request, folder: folder)
      if let status = answer.status { return status }
      throw LaunchError(
        "the launcher in \(folder) refused: \(answer.error ?? "without a word"). "
          + "Likely it is of another version; use the same twins-launch.", exitStatus: .software)
    } catch let error as DecodingError {
      throw LaunchError(
        "the launcher's answer cannot be read (\(error)). Likely it is of another version; use the same twins-launch.",
        exitStatus: .software)
    }
  }
}

/// `twins-launch stop RUN`.
struct Stop: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Have the workers of a run finish their step, save and end.",
    discussion: """
      The same as SIGTERM to the launcher, which ends with 75 when all have saved; with --now, as a second one.
      This command does not wait for that.
      """)

  @OptionGroup var target: RunArgument

  @Flag(help: "End them at once, whatever is lost since the last checkpoint.")
  var now = false

  func run() throws {
    let status = try target.ask(ControlRequest(command: .stop, now: now))
    print(
      "run \(status.run): \(now ? "stopping at once" : status.hasSteps ? "stopping after this step" : "stopping")"
    )
  }
}

/// `twins-launch checkpoint RUN`.
struct RequestCheckpoint: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint", abstract: "Have the workers of a run save their state and go on.",
    discussion: """
      The same as SIGUSR1 to the launcher. The workers save after the step that is under way, or as soon as a save \
      that is under way is done; after the last step of an epoch with the end of that. The launcher's stderr says so \
      then, in a line "checkpoint NAME is saved"; this command does not wait for that.
      Ends with 66 where there is no such run or it is another user's, and with 74 where its launcher does not answer, \
      or no worker can save now: the run is stopping, or waits to start again.
      """)

  @OptionGroup var target: RunArgument

  func run() throws {
    let status = try target.ask(ControlRequest(command: .checkpoint))
    guard status.state == .running else {
      throw refusal(
        LaunchError(
          "run \(status.run) is \(status.state.rawValue), so no worker can save now. Ask for its status; "
            + "a run that starts again saves as before.", exitStatus: .inputOutput))
    }
    print("run \(status.run): asked for a checkpoint")
  }
}
