import Board
import Collective
import Recipe
import System

/// Where this process stands among the workers: torchrun's environment names, and ours.
struct Placement {
  /// Where and how the workers meet; nil for a worker on its own.
  let meeting: RingMeeting?
  let localRank: Int
  /// Workers on this host.
  let localWorldSize: Int
  /// Reads end-of-file when the launcher is gone.
  let lifeline: Int32?
  /// The file in which the launcher keeps what this process prints.
  var log: String?
  /// Threads for one operation where a quota allows fewer than the maths library would take by itself.
  var threads: Int?

  /// Workers that a check of a start stands for.
  fileprivate(set) var rehearsed = 1

  /// The debug mode: one worker, no launcher.
  static let alone = Placement(meeting: nil, localRank: 0, localWorldSize: 1, lifeline: nil)

  var rank: Int { meeting?.rank ?? 0 }
  var worldSize: Int { meeting?.size ?? rehearsed }

  /// Whether this worker speaks for all.
  var isFirst: Bool { rank == 0 }

  /// Whether gradients are sent to other workers, rather than summed in memory that all see.
  var sendsSums: Bool { meeting?.sendsSums ?? false }

  /// Meets the other workers, if there are any.
  func group(_ recipe: Recipe) throws(CollectiveError) -> any ProcessGroup {
    guard var meeting else { return SoloGroup() }
    meeting.gradientWire = GradientWire(recipe.precision.gradientWire)
    return try meeting.join()
  }
}

extension Placement {
  /// One process that checks a start for so many workers of this host: the last one's device has to be there.
  static func rehearsal(workers: Int) -> Placement {
    let workers = max(1, workers)
    var placement = Placement(meeting: nil, localRank: workers - 1, localWorldSize: workers, lifeline: nil)
    placement.rehearsed = workers
    return placement
  }

  /// The placement that the launcher put into the environment, or `alone`.
  ///
  /// Throws when the environment names several workers but not where they meet, as under another launcher.
  init(_ environment: [String: String]) throws(RecipeError) {
    do throws(RingMeeting.BadVariable) {
      if let meeting = try RingMeeting(environment: environment) {
        try self.init(meeting, environment)
        return
      }
    } catch {
      throw RecipeError(error.description, exitCode: .badConfiguration)
    }
    try Self.checkAlone(environment)
    self = .alone
    threads = Self.threads(environment, usable: Processors.usable, processors: Processors.all)
  }

  private init(_ meeting: RingMeeting, _ environment: [String: String]) throws(RingMeeting.BadVariable) {
    let link = LauncherLink(environment: environment)
    self.init(
      meeting: meeting, localRank: try environment.number("LOCAL_RANK", below: meeting.size),
      localWorldSize: try environment.number("LOCAL_WORLD_SIZE", orIfMissing: meeting.size),
      lifeline: link.lifeline, log: link.log)
  }

  /// Nil where the environment names a number, as it does under the launcher, or all processors may be used.
  static func threads(_ environment: [String: String], usable: Int, processors: Int) -> Int? {
    let isNamed = ["OMP_NUM_THREADS", "MKL_NUM_THREADS"].contains { environment[$0] != nil }
    return isNamed || usable >= processors ? nil : usable
  }

  private static func checkAlone(_ environment: [String: String]) throws(RecipeError) {
    guard let size = environment["WORLD_SIZE"].flatMap({ Int($0) }), size > 1 else { return }
    throw RecipeError(
      "WORLD_SIZE=\(size) asks for \(size) workers, but TWINS_SOCKET_DIR does not say where they meet. "
        + "Start them with twins-launch --nproc \(size); for a single worker, unset WORLD_SIZE.",
      exitCode: .badConfiguration)
  }
}

extension GradientWire {
  fileprivate init(_ type: Recipe.Precision.GradientType) {
    switch type {
    case .float32: self = .float32
    case .bfloat16: self = .bfloat16
    case .float16: self = .float16
    }
  }
}
