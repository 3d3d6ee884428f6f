import Foundation
import Recipe

/// Where this process stands among the workers: torchrun's environment names, and ours.
struct Placement {
  let rank: Int
  let localRank: Int
  let worldSize: Int
  /// Workers on this host.
  let localWorldSize: Int
  /// Where the workers' sockets are; nil for a worker on its own.
  let socketFolder: String?
  /// Identifies the run on its sockets.
  let runID: String
  /// Counts the launcher's attempts.
  let generation: Int
  /// Reads end-of-file when the launcher is gone.
  let lifeline: Int32?

  /// The debug mode: one worker, no launcher.
  static let alone = Placement(
    rank: 0, localRank: 0, worldSize: 1, localWorldSize: 1, socketFolder: nil, runID: "alone", generation: 0,
    lifeline: nil)

  /// Whether this worker speaks for all.
  var isFirst: Bool { rank == 0 }
}

extension Placement {
  /// The placement that the launcher put into the environment, or `alone`.
  ///
  /// Throws when the environment names several workers but not where they meet, as under another launcher.
  init(_ environment: [String: String]) throws(RecipeError) {
    guard let folder = environment["TWINS_SOCKET_DIR"] else {
      try Self.checkAlone(environment)
      self = .alone
      return
    }
    let worldSize = try Self.number("WORLD_SIZE", in: environment)
    self.init(
      rank: try Self.number("RANK", in: environment, below: worldSize),
      localRank: try Self.number("LOCAL_RANK", in: environment, below: worldSize), worldSize: worldSize,
      localWorldSize: try Self.number("LOCAL_WORLD_SIZE", in: environment, orIfMissing: worldSize),
      socketFolder: folder, runID: environment["TWINS_RUN_ID"] ?? "",
      generation: try Self.number("TWINS_GENERATION", in: environment, orIfMissing: 0),
      lifeline: environment["TWINS_LIFELINE_FD"].flatMap { Int32($0) })
  }

  private static func checkAlone(_ environment: [String: String]) throws(RecipeError) {
    guard let size = environment["WORLD_SIZE"].flatMap({ Int($0) }), size > 1 else { return }
    throw RecipeError(
      "WORLD_SIZE=\(size) asks for \(size) workers, but TWINS_SOCKET_DIR does not say where they meet. "
        + "Start them with twins-launch --nproc \(size); for a single worker, unset WORLD_SIZE.",
      exitCode: .badConfiguration)
  }

  private static func number(
    _ name: String, in environment: [String: String], orIfMissing missing: Int? = nil, below limit: Int = .max
  ) throws(RecipeError) -> Int {
    if environment[name] == nil, let missing { return missing }
    guard let value = environment[name].flatMap({ Int($0) }), (0..<limit).contains(value) else {
      throw RecipeError(
        "\(name)='\(environment[name] ?? "")' is not a number that fits: twins-launch sets it. "
          + "Start workers with twins-launch, or one alone without TWINS_SOCKET_DIR.",
        exitCode: .badConfiguration)
    }
    return value
  }
}
