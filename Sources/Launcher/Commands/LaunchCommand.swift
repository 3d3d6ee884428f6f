import ArgumentParser
import Collective
import FoundationEssentials
import Glibc
import Output
import Recipe
import RunControl
import System

/// A subcommand that starts workers and ends as they do.
protocol LaunchCommand: ParsableCommand {
  /// Starts the workers, and gives the exit status once all have ended.
  ///
  /// `signals` must be there before anything that a signal could leave behind.
  func launch(_ signals: consuming SignalReader, environment: [String: String]) throws -> CInt
}

extension LaunchCommand {
  func run() throws {
    do {
      if let fault = Folders.workingFolderFault { throw LaunchError(fault, exitStatus: .missingInput) }
      keepStandardDescriptorsOpen()
      let environment = ProcessInfo.processInfo.environment
      throw ArgumentParser.ExitCode(try launch(try SignalReader(), environment: environment))
    } catch let error as LaunchError {
      throw refusal(error)
    } catch let error as OutputError {
      throw refusal(LaunchError(error))
    } catch let error as RecipeError {
      throw refusal(LaunchError(error.description, exitStatus: error.exitStatus))
    }
  }
}

extension Launch {
  /// Runs the workers to their end; the exit status for it.
  func supervise(
    _ signals: consuming SignalReader, control: ControlServer? = nil, possession: Possession? = nil,
    hosts: HostLead? = nil
  ) throws(LaunchError) -> CInt {
    try requireRoom()
    let supervisor = try Supervisor(
      self, signals: signals, control: control, possession: possession, hosts: hosts)
    supervisor.open()
    let outcome = supervisor.run()
    supervisor.close(outcome)
    if answers, outcome.isOrderly, let fault = supervisor.station.console.outputFault { throw fault }
    return outcome.exitStatus
  }
}

/// Prints an error on the launcher's behalf, and tells systemd; what to throw for it.
func refusal(_ error: LaunchError) -> ArgumentParser.ExitCode {
  var errors = Sink(descriptor: STDERR_FILENO)
  errors.write(Signs.ofThisProcess.spelled("twins-launch: \(error)\n"))
  errors.drain(patience: .seconds(5))
  var service = SystemdService(environment: ProcessInfo.processInfo.environment, isTraining: true)
  service.end("\(error)", errno: nil, succeeded: false)
  return ArgumentParser.ExitCode(error.exitStatus.rawValue)
}

/// A closed stdin, stdout or stderr would hand its number to the next pipe, and our lines to a worker.
///
/// What is written there fails as it did: nobody reads it.
private func keepStandardDescriptorsOpen() {
  while case let number = open("/dev/null", O_RDONLY), number >= 0 {
    if number > STDERR_FILENO { close(number); return }
  }
}
