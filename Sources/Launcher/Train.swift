import ArgumentParser
import CLinux
import Flags
import FoundationEssentials
import Glibc
import Recipe

/// `twins-launch train`: N workers that train one model.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train on this host with N workers.",
    usage: usage,
    discussion: "The training flags are checked here once and passed on to every worker as they are.")

  static let usage = "twins-launch [train] --nproc N [launch flags] [training flags]"

  @OptionGroup(title: "Launch flags") var launch: LaunchFlags
  @OptionGroup var training: TrainingFlags

  func run() throws {
    do {
      throw ArgumentParser.ExitCode(try superviseRun())
    } catch let error as LaunchError {
      throw report(error.description, status: error.exitCode.rawValue)
    } catch let error as RecipeError {
      throw report(error.description, status: error.exitCode.rawValue)
    }
  }

  private func superviseRun() throws -> CInt {
    keepStandardDescriptorsOpen()
    // Before there is anything that a signal could leave behind.
    let signals = try SignalReader()
    let environment = ProcessInfo.processInfo.environment
    let arguments = WorkerArguments.removingLaunchFlags(from: TwinsLaunch.arguments)
    let size = workerCount(environment: environment)
    _ = try training.recipe(worldSize: size)

    let identifier = launch.runIdentifier ?? .random()
    let program = try WorkerProgram.locate(environment: environment)
    let folder = try RunFolder(
      path: launch.runFolder ?? training.outputFolder + "/run", runIdentifier: identifier.text)
    let sockets = try SocketFolder(environment: environment)
    let supervisor = try Supervisor(
      Launch(
        runIdentifier: identifier.text, size: size, grace: .seconds(launch.grace), program: program,
        workerArguments: arguments,
        placement: placement(identifier, size: size, sockets: sockets.path),
        environment: environment, logs: try folder.makeLogs(attempt: 0, size: size)),
      signals: signals)
    supervisor.open()
    let outcome = supervisor.run()
    supervisor.close(outcome)
    return outcome.exitCode
  }

  private func workerCount(environment: [String: String]) -> Int {
    let cards = training.run.device == .cpu ? 0 : Accelerators.count(environment: environment)
    return launch.workers.resolved(cards: cards)
  }

  private func placement(_ identifier: RunIdentifier, size: Int, sockets: String) throws -> Placement {
    Placement(
      runIdentifier: identifier.text, size: size, attempt: 0, masterPort: try FreePort.find(),
      socketFolder: sockets,
      threads: Placement.Threads(
        named: launch.threadsPerWorker, processors: max(1, Int(linux_usable_processors())), workers: size))
  }

  private func report(_ text: String, status: CInt) -> ArgumentParser.ExitCode {
    var errors = Sink(descriptor: STDERR_FILENO)
    errors.write("twins-launch: \(text)\n")
    errors.drain(patience: .seconds(5))
    return ArgumentParser.ExitCode(status)
  }
}

/// A closed stdin, stdout or stderr would hand its number to the next pipe, and our lines to a worker.
private func keepStandardDescriptorsOpen() {
  while case let number = open("/dev/null", O_RDWR), number >= 0 {
    if number > STDERR_FILENO { close(number); return }
  }
}
