import Glibc
import Recipe
import SystemPackage
import System
import WorkerLink

/// A suggested next command, with its purpose.
package struct NextCommand: Codable, Equatable, Sendable {
  /// The purpose in a few words.
  package let purpose: String
  /// The command line for a shell in the current folder, or a description where no single command works on
  /// every host.
  package let command: String

  package init(_ purpose: String, _ arguments: [String]) {
    self.purpose = purpose
    command = (["twins-launch"] + arguments).joined(separator: " ")
  }

  init(_ purpose: String, words: String) { (self.purpose, command) = (purpose, words) }
}

extension RunHistory {
  /// The suggested next commands for the run's state, if any.
  package var next: [NextCommand] {
    switch ending {
    case .running:
      [NextCommand("watch it", ["watch", name]), NextCommand("save and end", ["stop", name])]
    case .done: [evaluation, longer].compactMap(\.self)
    case .stopped, .killed, .untold: [resumption()].compactMap(\.self)
    case .failed(let status, _): steps(after: status)
    case .elsewhere: []
    }
  }

  private func steps(after status: CInt) -> [NextCommand] {
    switch ExitStatus(rawValue: status) {
    case .badData: [scan, resumption("then go on")].compactMap(\.self)
    case .diverged: [resumption("go on at half the rate", slower)].compactMap(\.self)
    default: [resumption()].compactMap(\.self)
    }
  }

  /// The run's folder as an argument of a command.
  private var name: String { FilePath(output ?? launcher ?? "").quoted }

  /// The absolute path of the run's images; nil if it was not recorded.
  private var data: String? {
    guard let path = values["data.path"]?.text, !path.isEmpty else { return nil }
    let whole = path.hasPrefix("/") ? path : record.map { "\($0.directory)/\(path)" }
    return whole.map { FilePath(Folders.withoutParents($0)).quoted }
  }

  private var scan: NextCommand? {
    data.map { NextCommand("check the images", ["dataset", "scan", $0, "--decode"]) }
  }

  private var evaluation: NextCommand? {
    guard !weights.isEmpty, log.best(\.accuracy1) != nil || log.best(\.averageAccuracy1) != nil, let data
    else {
      return nil
    }
    guard hosts > 1, values["data.shardsByHost"] == .truth(true) else {
      return NextCommand("evaluate", ["evaluate", name, "--data-path", data] + judging)
    }
    let flags = judging + ["--shards-by-host"] + meeting
    if isOnOneDisk {
      return NextCommand("evaluate, on every host", ["evaluate", name, "--data-path", data] + flags)
    }
    let file = RunLayout.allWeights.first { weights[$0] != nil } ?? ""
    let command = ["twins-launch", "evaluate", file, "--data-path", "ITS-SHARDS"] + flags
    return NextCommand(
      "evaluate, on every host",
      words: "with a copy of \(FilePath("\(output ?? "")/\(file)").quoted): \(command.joined(separator: " "))"
    )
  }

  /// Whether all hosts are known to share the output folder.
  private var isOnOneDisk: Bool {
    hosts > 1 && hosts <= hostsOnDisk.count + 1 && hostsOnDisk.isSuperset(of: 1..<hosts)
  }

  /// The flags with which the hosts meet again; none if the program that starts their launchers sets them.
  private var meeting: [String] {
    let flags = FlagGroups(record?.arguments ?? [])
    guard namesHost else { return [] }
    return [
      "--nnodes", "\(hosts)", "--node-rank", "N", "--rdzv-endpoint",
      flags.value(of: "rdzv-endpoint").map { FilePath($0).quoted } ?? "NODE0:29400",
    ]
  }

  /// Whether the command line named a host.
  private var namesHost: Bool {
    record.map { FlagGroups($0.arguments).names.contains("node-rank") } ?? true
  }

  /// The flags that make an evaluation judge as the run did.
  private var judging: [String] {
    let part = values["data.heldOut"]?.number ?? 0
    return (part > 0 ? ["--val-split", "\(part)"] : [])
      + (values["judging.mirrors"] == .truth(true) ? ["--tta"] : []) + precision
  }

  private var precision: [String] {
    guard values["precision.level"]?.text == "O1" else { return [] }
    return ["--amp", "O1"] + (values["precision.dtype"]?.text == "float16" ? ["--amp-dtype", "float16"] : [])
  }

  private var longer: NextCommand? {
    guard checkpoint != nil, let epochs else { return nil }
    let more = endedFor == nil ? ["--epochs", "\(epochs + max(1, epochs / 2))"] : []
    let patience = earlyStop.map { ["--early-stop", "\(2 * $0)"] } ?? []
    return resumption("train longer", more + patience)
  }

  private var slower: [String] {
    guard let rate = values["schedule.rate"]?.number else { return [] }
    return ["--lr", "\(rate / 2)"]
  }

  /// The command that resumes the run: `resume` if there are records and checkpoints, otherwise one made from
  /// the recipe.
  private func resumption(_ purpose: String = "go on", _ flags: [String] = []) -> NextCommand? {
    guard let output else { return nil }
    let purpose = purpose + (hosts > 1 ? ", on every host" : "")
    if hosts > 1, !isOnOneDisk || !namesHost { return NextCommand(purpose, words: again(flags)) }
    let rest = flags + (hosts > 1 ? ["--node-rank", "N"] : [])
    if checkpoint != nil || record != nil {
      return NextCommand(purpose, ["resume", name] + rest)
    }
    guard epochs != nil, let workers else { return nil }
    return NextCommand(
      purpose,
      [
        "--nproc", "\(workers)", "--config", FilePath("\(output)/\(RunLayout.recipe)").quoted, "--resume",
        "auto", "--output-dir", name,
      ] + rest)
  }

  /// A description that applies to every host, whatever disk it sees.
  private func again(_ flags: [String]) -> String {
    let goesOn = record.map { FlagGroups($0.arguments).value(of: "resume") == "auto" } ?? false
    let more = (goesOn ? [] : ["--resume", "auto"]) + flags
    return "the same command" + (more.isEmpty ? "" : " with \(more.joined(separator: " "))")
  }
}
