import ArgumentParser
import FoundationEssentials
import Recipe
import RunControl
import WorkerLink

/// What the probe of a container asks of the launcher in it.
enum Probe: String, CaseIterable, ExpressibleByArgument {
  /// Whether it answers.
  case alive
  /// Whether it answers, and all workers that it tells of run.
  case ready

  /// Why that is not so, as a sentence; nil where it is. Throws where the launcher does not answer.
  func obstacle(of run: String, _ environment: [String: String]) throws -> String? {
    let status = try RunArgument.ask(
      ControlRequest(command: .status), try Self.folder(of: run, environment), environment)
    return self == .ready ? Self.obstacle(status).map { "run \(status.run) is not ready: \($0)" } : nil
  }

  /// The folder of this host's launcher, by the number that the environment gives this host; a folder with a launcher is itself.
  static func folder(of run: String, _ environment: [String: String]) throws(LaunchError) -> String {
    guard let host = try HostClues(environment: environment).host?.value, host > 0,
      RunFinder.obstacle(run) != 0
    else { return run }
    return "\(run)/\(RunLayout.launcher)/\(RunLayout.launcher(host: host))"
  }

  /// What keeps a run from being ready, as a clause.
  static func obstacle(_ status: RunStatus) -> String? {
    if let awaited = status.waitsFor { return "this host waits for \(awaited)" }
    guard status.state == .running else { return "it is \(status.state.rawValue)" }
    guard let rank = status.ranks.first(where: { $0.state != .running }) else {
      return status.ranks.isEmpty ? "no worker has started" : nil
    }
    return "rank \(rank.rank) is \(rank.state.rawValue)"
  }
}
