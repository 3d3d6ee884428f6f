import FoundationEssentials
import Glibc

/// What later attempts of a run are told to go on from.
///
/// Once this run has saved a checkpoint, its newest one: `--resume auto` takes the place of the --resume or --finetune
/// that the first attempt had. Before that they are started as the first one was; a checkpoint that lay in
/// the folder before is another run's, unless the user named it.
struct Resumption: Sendable {
  /// The folder of checkpoints.
  let folder: String
  private let earlier: [String: UInt64]

  init(folder: String) {
    self.folder = folder
    earlier = Self.checkpoints(in: folder)
  }

  /// The arguments of the next attempt, given those of the first, its subcommand in front.
  func arguments(first: [String]) -> [String] {
    guard hasNewCheckpoint, let subcommand = first.first else { return first }
    let rest = WorkerArguments.removing(["--resume", "--finetune"], from: Array(first.dropFirst()))
    return [subcommand, "--resume", "auto"] + rest
  }

  /// A checkpoint that was written anew has another number in the file system, whatever its name.
  var hasNewCheckpoint: Bool {
    Self.checkpoints(in: folder).contains { earlier[$0.key] != $0.value }
  }

  /// The finished checkpoints, with their numbers in the file system.
  private static func checkpoints(in folder: String) -> [String: UInt64] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    var found: [String: UInt64] = [:]
    for name in names where !name.hasPrefix(".") {
      var status = stat()
      if stat("\(folder)/\(name)", &status) == 0 { found[name] = UInt64(status.st_ino) }
    }
    return found
  }
}
