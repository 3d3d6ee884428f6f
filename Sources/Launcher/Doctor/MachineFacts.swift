import Flags
import FoundationEssentials
import Glibc
import RunControl
import System

/// The facts about this machine that matter to a training, as far as they can be read.
struct MachineFacts: Sendable {
  /// The number of workers to run here.
  var workers = 1
  /// The worker program's path.
  var worker = ""
  var runtime: WorkerRuntime?
  /// Why the worker program gave no answer.
  var fault: String?
  var processor = ProcessorFacts()
  var memory = MemoryFacts()
  var limits = Limits()
  /// The highest limit of open files that this user may set.
  var mostDescriptors: Int?
  /// The machine's cards by the drivers' files, and what the drivers report about themselves.
  var cards: [Cards] = []
  var drivers: [String] = []
  var disk: DiskFacts?
  /// The kernel's clock source; nil where unknown.
  var clockSource: String?
  /// The time, in seconds since 1970.
  var now = 0.0
  /// The environment variables that these programs read.
  var environment: [String: String] = [:]
}

/// The answer of `twins-worker devices --json`.
struct WorkerRuntime: Codable, Equatable, Sendable {
  var libtorch: String
  var libtorchPath: String
  var builtForCuda: Bool
  /// The instruction set that libtorch uses.
  var instructionSet: String
  /// The instruction set of the block's kernels; nil where they do not run here.
  var kernels: String?
  var bfloat16Products: String?
  var compiler: String
  var cuda: Int
  var npu: Int
  var note: String?
}

/// The processors.
struct ProcessorFacts: Equatable, Sendable {
  var name: String?
  /// The relevant instruction sets of the processor, by their names in /proc/cpuinfo.
  var instructions: [String] = []
  /// The number of processors that this process may run on, and of threads that can run at once.
  var all = 1
  var usable = 1
  /// The CPU frequency governor; nil where unknown.
  var governor: String?
  /// The load average over the last minute.
  var load: Double?

  /// The instruction sets that decide which kernels run.
  static let known = ["avx2", "fma", "avx512f", "avx512_bf16", "amx_tile", "amx_bf16", "asimd", "bf16"]

  init() {}

  /// Reads this machine's facts; `text` returns a small file's content.
  init(_ text: (String) -> String?) {
    let lines = (text("/proc/cpuinfo") ?? "").split(separator: "\n")
    func value(_ name: String) -> String? {
      lines.first { $0.hasPrefix(name) }.flatMap { line in
        line.firstIndex(of: ":").map { String(line[line.index(after: $0)...].drop { $0 == " " }) }
      }
    }
    name = value("model name")
    let flags = Set((value("flags") ?? value("Features") ?? "").split(separator: " ").map(String.init))
    instructions = Self.known.filter(flags.contains)
    (all, usable) = (Processors.all, Processors.usable)
    governor = text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").map {
      $0.filter { !$0.isWhitespace }
    }
    load = text("/proc/loadavg")?.split(separator: " ").first.flatMap { Double($0) }
  }
}

/// The memory, in bytes.
struct MemoryFacts: Equatable, Sendable {
  var total: Int?
  var available: Int?
  /// The tightest memory limit among the control groups.
  var limit: Int?
  /// The size of /dev/shm, which programs under --exec and their libraries use.
  var sharedSize: Int?
  var sharedFree: Int?

  init() {}

  /// Reads this machine's facts; `text` returns a small file's content.
  init(_ text: @escaping (String) -> String?) {
    let memory = text("/proc/meminfo") ?? ""
    total = ProcFS.number(after: "MemTotal:", in: memory).map { $0 * 1024 }
    available = ProcFS.number(after: "MemAvailable:", in: memory).map { $0 * 1024 }
    limit = Self.limit(ControlGroups(membership: text("/proc/self/cgroup") ?? "", text: text), text, total)
    if let shared = FileSystemSpace(around: "/dev/shm") {
      (sharedSize, sharedFree) = (shared.size, shared.free)
    }
  }

  /// Ignores a limit above the machine's memory.
  private static func limit(_ groups: ControlGroups, _ text: (String) -> String?, _ total: Int?) -> Int? {
    groups.groups(of: "memory").compactMap { version, path in
      let file =
        version == 2
        ? "/sys/fs/cgroup\(path)/memory.max" : "/sys/fs/cgroup/memory\(path)/memory.limit_in_bytes"
      return text(file).flatMap { Int($0.filter { !$0.isWhitespace }) }
    }.filter { $0 < total ?? .max }.min()
  }
}

extension MachineFacts {
  /// Collects this machine's present facts.
  ///
  /// - Parameter folder: The folder to which a run is to write.
  static func now(
    workers: Int?, folder: String, environment: [String: String], _ signals: borrowing SignalReader
  ) throws(LaunchError) -> MachineFacts {
    var facts = MachineFacts()
    facts.environment = environment
    facts.cards = Cards.ofThisMachine(environment: environment).filter { $0.present > 0 }
    facts.workers = workers ?? max(1, WorkerCards(for: nil, environment: environment).count)
    facts.drivers = [
      ProcFS.text("/proc/driver/nvidia/version")?.split(separator: "\n").first.map(String.init),
      ProcFS.text("/usr/local/Ascend/driver/version.info")?.split(separator: "\n").first.map(String.init),
    ].compactMap(\.self)
    facts.processor = ProcessorFacts(ProcFS.text)
    facts.memory = MemoryFacts(ProcFS.text)
    facts.limits = .now
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(7), &limit) == 0, limit.rlim_max < rlim_t(Int.max) {
      facts.mostDescriptors = Int(limit.rlim_max)
    }
    facts.disk = DiskFacts(of: folder)
    facts.clockSource = ProcFS.text("/sys/devices/system/clocksource/clocksource0/current_clocksource")
      .map { $0.filter { !$0.isWhitespace } }
    facts.now = Date().timeIntervalSince1970
    try facts.askWorker(environment, signals)
    return facts
  }

  /// How long the worker program may take, since a driver may hang.
  private static let patience = Duration.seconds(30)

  private mutating func askWorker(
    _ environment: [String: String], _ signals: borrowing SignalReader
  ) throws(LaunchError) {
    do throws(LaunchError) {
      worker = try WorkerProgram.locate(environment: environment)
    } catch {
      fault = error.description
      return
    }
    let question = WorkerCommand(
      program: worker, task: WorkerTask(arguments: ["devices", "--json"]), environment: environment)
    let answer = try Rehearsal(question, signals, patience: Self.patience)
    runtime = try? controlMessage(WorkerRuntime.self, Array(answer.output.utf8))
    guard runtime == nil else { return }
    let words = answer.refusal?.description ?? answer.errors
    fault = "\(worker) devices: \(answer.ending)\(words.isEmpty ? "" : ": \(words)")"
  }
}
