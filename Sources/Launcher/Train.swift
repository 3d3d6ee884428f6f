import ArgumentParser
import CLinux
import Flags
import FoundationEssentials
import Recipe

/// `twins-launch train`: N workers that train one model.
struct Train: LaunchCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train on this host with N workers.",
    usage: usage,
    discussion: "The training flags are checked here once and passed on to every worker as they are.")

  static let usage = "twins-launch [train] --nproc N [launch flags] [training flags]"

  @OptionGroup(title: "Launch flags") var launch: LaunchFlags
  @OptionGroup var training: TrainingFlags

  func launch(_ signals: consuming SignalReader, environment: [String: String]) throws -> CInt {
    let arguments = ["train"] + WorkerArguments.removingLaunchFlags(from: trainingArguments)
    let size = workerCount(environment: environment)
    _ = try training.recipe(worldSize: size)

    let identifier = launch.runIdentifier ?? .random()
    let program = try WorkerProgram.locate(environment: environment)
    let folder = try RunFolder(
      path: launch.runFolder ?? training.outputFolder + "/run", runIdentifier: identifier.text)
    let sockets = try SocketFolder(environment: environment)
    return try Launch(
      grace: .seconds(launch.grace), program: program, arguments: arguments,
      placement: Placement(
        meeting: launch.ring.meeting(identifier, attempt: 0, size: size, directory: sockets.path),
        masterPort: try FreePort.find(),
        threads: .shared(named: launch.threadsPerWorker, workers: size)),
      environment: environment, logs: try folder.makeLogs(attempt: 0, size: size),
      advice: FailureReport.Advice(
        debug: ["twins-worker"] + arguments, data: WorkerArguments.value(of: "--data-path", in: arguments)),
      notes: launch.ring.notes
    ).supervise(signals)
  }

  private var trainingArguments: [String] {
    let all = TwinsLaunch.arguments
    return all.first == "train" ? Array(all.dropFirst()) : all
  }

  private func workerCount(environment: [String: String]) -> Int {
    let cards = training.run.device == .cpu ? 0 : Accelerators.count(environment: environment)
    return launch.workers.resolved(cards: cards)
  }
}
