import ArgumentParser
import Collective
import FoundationEssentials
import Glibc
import Output
import Recipe
import RunControl
import System

/// A subcommand that starts workers and ends with their status.
protocol LaunchCommand: ParsableCommand {
  /// Starts the workers; returns the exit status once all have ended.
  ///
  /// `signals` must exist before anything is created that a signal's default action would leave behind.
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
  /// Runs the workers to their end; returns the exit status.
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

/// Prints an error of the launcher's and tells systemd; returns the exit code to throw.
func refusal(_ error: LaunchError) -> ArgumentParser.ExitCode {
  var errors = Sink(descriptor: STDERR_FILENO)
  errors.write(Signs.ofThisProcess.spelled("twins-launch: \(error)\n"))
  errors.drain(patience: .seconds(5))
  var service = SystemdService(environment: ProcessInfo.processInfo.environment, isTraining: true)
  service.end("\(error)", errno: nil, succeeded: false)
  return ArgumentParser.ExitCode(error.exitStatus.rawValue)
}

/// Opens a closed stdin, stdout or stderr on /dev/null; otherwise the next pipe would get its number, and our
/// lines would reach a worker.
///
/// A write to it still fails, as to a closed descriptor.
private func keepStandardDescriptorsOpen() {
  while case let number = open("/dev/null", O_RDONLY), number >= 0 {
    if number > STDERR_FILENO { close(number); return }
  }
}
