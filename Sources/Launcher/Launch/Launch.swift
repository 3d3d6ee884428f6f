import Collective
import Drawing
import FoundationEssentials
import RunControl
import System

/// Everything that is known about a run of workers before the first one starts.
struct Launch: Sendable {
  let grace: Duration
  let program: String
  /// The task of the first attempt's workers.
  let task: WorkerTask
  /// Where the workers run; each attempt adds the place where its ranks meet.
  var placement: WorkerEnvironment
  /// The launcher's own environment.
  let environment: [String: String]
  /// Nil where no logs are kept.
  let logs: LogFolder?
  /// The advice of a failure report.
  let advice: FailureReport.Advice
  /// What to tell the user before the start, a sentence each.
  var notes: [String] = []
  /// How long a worker may show no progress; nil where no watch is kept.
  var budgets: HangBudgets?
  /// How often the workers may be restarted after a failure.
  var restarts = Restarts.Budget.none
  /// Whether the workers' lines go to the terminal unchanged, without the live view of the run.
  var isPlain = true
  /// Whether the workers' output is the purpose of the run, as for an evaluation.
  var answers = false
  /// What later attempts resume from; nil where they repeat the first one.
  var resumption: Resumption?
  /// The file that records the run's progress; nil where there is none.
  var progressPath: String?
  /// The journal of the run; nil where none is kept.
  var journal: RunJournal?
  /// The cards that the workers may use, by device files and variables; nil where they use none.
  var cards: Cards?
  /// The monitor of NVIDIA's cards; nil where there are none.
  var cardMonitor: CardMonitor?
  /// This host's part among the hosts of the run; nil where it is the only one.
  var hosts: HostPlan?
  /// The hosts that take part now, where not all of them do.
  private var standIns: HostPlaces?

  init(
    grace: Duration, program: String, task: WorkerTask, placement: WorkerEnvironment,
    environment: [String: String], logs: LogFolder?, advice: FailureReport.Advice, notes: [String] = []
  ) {
    self.grace = grace
    self.program = program
    self.task = task
    self.placement = placement
    self.environment = environment
    self.logs = logs
    self.advice = advice
    self.notes = notes
  }

  /// Whether the workers are a user's own program.
  var isForeign: Bool { placement.isForeign }
  var runIdentifier: String { placement.rendezvous.run }
  /// The number of workers on this host.
  var size: Int { placement.rendezvous.size }
  /// The number of workers on all hosts.
  var worldSize: Int { places.ranks }
  /// The ranks of this host's workers.
  var ranks: Range<Int> { places.ranks(of: hosts?.host ?? 0) }

  /// Which host has which ranks.
  var places: HostPlaces { standIns ?? HostPlaces(all: hosts?.hosts ?? 1, workers: size) }

  /// The same run on those hosts.
  func placed(on places: HostPlaces) -> Launch {
    var launch = self
    launch.standIns = places
    return launch
  }

  /// The task of a first attempt's workers on the hosts that take part.
  var placedTask: WorkerTask { standIns?.division.map(task.divided(as:)) ?? task }

  /// The absolute path of the folder by which the run's files can be found later: its output folder, or else
  /// the launcher's own; nil where none are kept.
  var keptIn: String? {
    (progressPath ?? journal?.path).map { path in
      let folder = Folders.parent(of: path)
      return Folders.withoutParents(
        folder.hasPrefix("/") ? folder : "\(FileManager.default.currentDirectoryPath)/\(folder)")
    }
  }

  /// Whether the run could resume from files on the disk.
  var isResumable: Bool { resumption?.isOffered(to: task) ?? false }

  /// The advice that fits now: a folder with this run's checkpoints is to be resumed, and not overwritten.
  var currentAdvice: FailureReport.Advice {
    var current = advice
    guard let resumption, resumption.hasNewCheckpoint else { return current }
    current.debug = ["twins-worker"] + resumption.task(first: task).arguments
    current.isUnderWay = true
    return current
  }
}

extension Launch {
  /// Raises the limit of open files as far as the run needs, and throws where a resource limit is too low.
  ///
  /// Said once here, instead of by every worker in the words of whichever library fails first.
  func requireRoom() throws(LaunchError) {
    do throws(Shortage) {
      try Limits.require(
        descriptors: Self.descriptors(workers: size) + (hosts?.hosts ?? 0),
        for: "a launcher of \(counted(size, "worker"))")
      if !isForeign, let shortage = Self.shortage(workers: size, under: .now) { throw shortage }
    } catch {
      throw LaunchError(error)
    }
  }

  /// Four per worker (its process, two streams and a log); the rest for three pipes at a start, the
  /// launcher's own files and status queries.
  static func descriptors(workers: Int) -> Int { 4 * workers + 48 }

  /// Describes the failure to expect where the limit of threads is below the least that the workers need; nil
  /// where it is not.
  static func shortage(workers: Int, under limits: Limits) -> Shortage? {
    let needed = workers * leastThreads
    guard let allowed = [limits.threads, limits.tasks].compactMap(\.self).min(), allowed < needed else {
      return nil
    }
    return Shortage(
      .threads, for: "\(counted(workers, "worker")), which take \(needed) threads at least", limits: limits)
  }

  /// The main thread, the watcher of the launcher's end, the exchange thread, ZeroMQ's two, and one decoder.
  private static let leastThreads = 6
}
