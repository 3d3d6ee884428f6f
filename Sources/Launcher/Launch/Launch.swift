import Collective
import Drawing
import FoundationEssentials
import RunControl
import System

/// Everything that a run of workers needs to know before the first one starts.
struct Launch: Sendable {
  let grace: Duration
  let program: String
  /// What the workers of the first attempt are to do.
  let task: WorkerTask
  /// Where they are; each attempt adds where its ranks meet.
  var placement: WorkerEnvironment
  /// The launcher's own environment.
  let environment: [String: String]
  /// Nil where no logs are kept.
  let logs: LogFolder?
  /// What a failure report recommends.
  let advice: FailureReport.Advice
  /// What to tell the user before the start, each a sentence.
  var notes: [String] = []
  /// How long a worker may be busy with one thing; nil where nobody watches.
  var budgets: HangBudgets?
  /// How often the workers are started again after a failure.
  var restarts = Restarts.Budget.none
  /// Whether the workers' lines go to a terminal as they are, and no view of the run does.
  var isPlain = true
  /// Whether what the workers print is what it is for, as of an evaluation.
  var answers = false
  /// What later attempts go on from; nil where they do what the first one did.
  var resumption: Resumption?
  /// The file that tells of the run's progress; nil where nothing does.
  var progressPath: String?
  /// Where the launcher notes how the run goes; nil where nothing is kept of it.
  var journal: RunJournal?
  /// The cards that the workers may use, as files and variables tell; nil where they use none.
  var cards: Cards?
  /// What looks after NVIDIA's cards; nil where there are none.
  var cardMonitor: CardMonitor?
  /// Where this host stands among those of the run; nil where it is the only one.
  var hosts: HostPlan?
  /// The hosts that take part now, where fewer than all do.
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

  /// Whether the workers are a program of the user's.
  var isForeign: Bool { placement.isForeign }
  var runIdentifier: String { placement.rendezvous.run }
  /// Workers on this host.
  var size: Int { placement.rendezvous.size }
  /// Workers on all hosts.
  var worldSize: Int { places.ranks }
  /// The ranks of this host's workers.
  var ranks: Range<Int> { places.ranks(of: hosts?.host ?? 0) }

  /// Which hosts have which ranks.
  var places: HostPlaces { standIns ?? HostPlaces(all: hosts?.hosts ?? 1, workers: size) }

  /// The same run on those hosts.
  func placed(on places: HostPlaces) -> Launch {
    var launch = self
    launch.standIns = places
    return launch
  }

  /// What the workers of a first attempt are to do on the hosts that there are.
  var placedTask: WorkerTask { standIns?.division.map(task.divided(as:)) ?? task }

  /// The folder by which its files are found later, from the root: its output folder, or the launcher's own; nil where none are kept.
  var keptIn: String? {
    (progressPath ?? journal?.path).map { path in
      let folder = Folders.parent(of: path)
      return Folders.withoutParents(
        folder.hasPrefix("/") ? folder : "\(FileManager.default.currentDirectoryPath)/\(folder)")
    }
  }

  /// Whether it could go on from what is on the disk.
  var isResumable: Bool { resumption?.isOffered(to: task) ?? false }

  /// What a report recommends now: a folder that holds the run's checkpoints is gone on with, and not begun in anew.
  var currentAdvice: FailureReport.Advice {
    var current = advice
    guard let resumption, resumption.hasNewCheckpoint else { return current }
    current.debug = ["twins-worker"] + resumption.task(first: task).arguments
    current.isUnderWay = true
    return current
  }
}

extension Launch {
  /// Makes room for the descriptors that the run takes, and throws where a limit leaves too few of anything.
  ///
  /// What cannot work is said once here, and not by every worker in words of the library that was the first to fail.
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

  /// Of a worker its process, two streams and its log; three pipes while one starts; the launcher's own; questions.
  static func descriptors(workers: Int) -> Int { 4 * workers + 48 }

  /// What fewer threads than the workers have at the least would lead to; nil where there may be enough.
  static func shortage(workers: Int, under limits: Limits) -> Shortage? {
    let needed = workers * leastThreads
    guard let allowed = [limits.threads, limits.tasks].compactMap(\.self).min(), allowed < needed else {
      return nil
    }
    return Shortage(
      .threads, for: "\(counted(workers, "worker")), which take \(needed) threads at least", limits: limits)
  }

  /// The first, the one that waits for the launcher's end, that of exchanges, ZeroMQ's two, and one that decodes.
  private static let leastThreads = 6
}
