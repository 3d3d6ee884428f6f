import ArgumentParser
import FoundationEssentials
import Recipe
import RunControl
import WorkerLink

/// What a container's probe asks the launcher in it.
enum Probe: String, CaseIterable, ExpressibleByArgument {
  /// Whether the launcher answers.
  case alive
  /// Whether the launcher answers, and all workers that it reports run.
  case ready

  /// Returns why the answer is no, as a sentence; nil if it is yes. Throws if the launcher does not answer.
  func obstacle(of run: String, _ environment: [String: String]) throws -> String? {
    let status = try RunArgument.ask(
      ControlRequest(command: .status), try Self.folder(of: run, environment), environment)
    return self == .ready ? Self.obstacle(status).map { "run \(status.run) is not ready: \($0)" } : nil
  }

  /// Returns the folder of this host's launcher, found by the host's number in the environment; `run` itself if a launcher is there.
  static func folder(of run: String, _ environment: [String: String]) throws(LaunchError) -> String {
    guard let host = try HostClues(environment: environment).host?.value, host > 0,
      RunFinder.obstacle(run) != 0
    else { return run }
    return "\(run)/\(RunLayout.launcher)/\(RunLayout.launcher(host: host))"
  }

  /// Returns what keeps a run from being ready, as a clause; nil if it is ready.
  static func obstacle(_ status: RunStatus) -> String? {
    if let awaited = status.waitsFor { return "this host waits for \(awaited)" }
    switch status.state {
    case .running: break
    case .stopping: return "its workers are being ended"
    case .waiting: return "its workers are about to start again"
    }
    guard let rank = status.ranks.first(where: { $0.state != .running }) else {
      return status.ranks.isEmpty ? "no worker has started" : nil
    }
    return "rank \(rank.rank) is \(rank.state.rawValue)"
  }
}
