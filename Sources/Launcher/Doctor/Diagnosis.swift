import System

/// What will fail here or be slow, why, and what mends it: a function of the machine's facts.
struct Diagnosis: Sendable {
  /// In the order in which one would mend them.
  let findings: [Finding]

  /// Something that is not as it should be.
  struct Finding: Codable, Equatable, Sendable {
    let severity: Severity
    let what: String
    let why: String
    /// A command line, or what to do.
    let mend: String
  }

  enum Severity: String, Codable, Sendable {
    case fails
    case slow
    /// Nothing that anybody would wait for.
    case note
  }

  /// Whether something will fail.
  var isFatal: Bool { findings.contains { $0.severity == .fails } }

  init(_ facts: MachineFacts) {
    let all = facts.programs + facts.compute + facts.room + facts.storage + facts.surroundings
    let order: [Severity] = [.fails, .slow, .note]
    findings = order.flatMap { severity in all.filter { $0.severity == severity } }
  }
}

private typealias Finding = Diagnosis.Finding

extension MachineFacts {
  fileprivate var programs: [Finding] {
    guard let fault else { return [] }
    return [
      Finding(
        severity: .fails, what: "the worker program does not run", why: masked(fault),
        mend: "make setup build, or name another one in TWINS_WORKER")
    ]
  }

  fileprivate var compute: [Finding] {
    var found: [Finding] = []
    if let note = runtime?.note {
      found.append(
        Finding(
          severity: .slow, what: "training computes on the CPU, beside cards", why: note,
          mend: "twins-worker devices says what libtorch sees"))
    }
    if let runtime, runtime.kernels == nil {
      found.append(
        Finding(
          severity: .slow, what: "the block's own kernels do not run",
          why: "this processor has no AVX2, so libtorch's operations do all of the work",
          mend: "a machine with AVX2, better AVX-512"))
    }
    if let governor = processor.governor, governor == "powersave", runtime?.cuda == 0 {
      found.append(
        Finding(
          severity: .note, what: "the kernel saves power",
          why: "clocks may stay low where work comes in bursts",
          mend: "cpupower frequency-set -g performance"))
    }
    if let load = processor.load, load > 1.5 * Double(processor.all) {
      found.append(
        Finding(
          severity: .slow, what: "other programs compute here",
          why: "\(decimal(load, 1)) threads want to run, on \(counted(processor.all, "processor"))",
          mend: "top -o %CPU names them"))
    }
    if processor.usable < workers, cards.isEmpty {
      found.append(
        Finding(
          severity: .slow,
          what: "\(counted(workers, "worker")) share \(counted(processor.usable, "processor"))",
          why: processor.usable < processor.all
            ? "the control group's quota allows no more of \(processor.all)" : "there are no more",
          mend: "--nproc \(processor.usable), which does the same updates with a larger --batch-size"))
    }
    if workers < processor.usable, environment["OMP_NUM_THREADS"] == "1", workers == 1, cards.isEmpty {
      found.append(
        Finding(
          severity: .slow, what: "a worker has one thread of \(processor.usable)",
          why: "OMP_NUM_THREADS=1 says so",
          mend: "unset OMP_NUM_THREADS, or --threads-per-worker \(processor.usable)"))
    }
    return found
  }

  /// What a worker of the smallest network takes, by measurement, in bytes.
  private static let workerMemory = 300 << 20
  private static let threadsOfWorker = 6

  fileprivate var room: [Finding] {
    var found: [Finding] = []
    let needed = Launch.descriptors(workers: workers)
    if let most = mostDescriptors, most < max(needed, 64) {
      found.append(
        Finding(
          severity: .fails, what: "too few descriptors",
          why: "this user may have \(most), and a launcher of \(counted(workers, "worker")) takes \(needed)",
          mend:
            "ulimit -Hn 4096 as root; for a service LimitNOFILE=4096; for a container --ulimit nofile=4096"))
    }
    let threads = workers * Self.threadsOfWorker
    if let allowed = [limits.threads, limits.tasks].compactMap(\.self).min(), allowed < threads + 8 {
      found.append(
        Finding(
          severity: .fails, what: "too few threads",
          why: "\(allowed) are allowed, and \(counted(workers, "worker")) take \(threads) at least",
          mend: "ulimit -u 4096; for a service TasksMax=4096; for a container --pids-limit 4096"))
    }
    if let bytes = limits.addressSpace, bytes < 4 << 30 {
      found.append(
        Finding(
          // The smallest network runs in little more than 1 GiB.
          severity: bytes < 1 << 30 ? .fails : .note, what: "too little address space",
          why: "this process may have \(size(bytes)) (ulimit -v), of which libtorch alone takes half a GiB",
          mend: "ulimit -v unlimited"))
    }
    let memory = [memory.available, self.memory.limit].compactMap(\.self).min()
    if let memory, memory < workers * Self.workerMemory {
      found.append(
        Finding(
          severity: .fails, what: "too little memory",
          why: "\(size(memory)) can be had, and \(counted(workers, "worker")) of the smallest network take "
            + "\(size(workers * Self.workerMemory))",
          mend: "fewer workers (--nproc), or more memory for the container or service (--memory, MemoryMax)"))
    }
    if let shared = self.memory.sharedSize, shared < 1 << 30 {
      found.append(
        Finding(
          severity: .note, what: "/dev/shm is small",
          why:
            "it has \(size(shared)); our workers do not use it, but NCCL's and PyTorch's loaders do, under --exec",
          mend: "docker run --shm-size 8g …, or mount -o remount,size=8g /dev/shm"))
    }
    return found
  }

  /// A checkpoint of the smallest Twins with its moments, twice, and its weights.
  private static let leastDisk = 1 << 30

  fileprivate var storage: [Finding] {
    guard let disk else { return [] }
    let name = masked(disk.folder)
    var found: [Finding] = []
    if let obstacle = disk.obstacle {
      found.append(
        Finding(
          severity: .fails, what: "nothing can be written to \(name)", why: obstacle,
          mend: "another --output-dir, which this user may write to"))
    }
    if let space = disk.space, space.free < Self.leastDisk {
      found.append(
        Finding(
          severity: .fails, what: "the disk of \(name) is nearly full",
          why:
            "\(size(space.free)) are free, and a run of alt_gvt_small keeps two checkpoints of 290 MB and two files of 96 MB",
          mend:
            "another --output-dir, or du -xh --max-depth 2 \(name) | sort -h | tail, which says what takes the room"
        ))
    }
    if disk.space?.files == 0 {
      found.append(
        Finding(
          severity: .fails, what: "the disk of \(name) has no room for another file",
          why: "its inodes are used up",
          mend: "df -i \(name) says so too: remove small files, or choose another --output-dir"))
    }
    if let seconds = disk.syncSeconds, seconds > 0.2 {
      found.append(
        Finding(
          severity: .slow, what: "\(name) is slow to keep what is written",
          why:
            "an fsync takes \(decimal(seconds * 1000, 0)) ms, and a checkpoint needs about ten; training waits for the last one alone",
          mend: "an --output-dir on a local disk"))
    }
    if disk.hasLocks == false {
      found.append(
        Finding(
          severity: .note, what: "\(name) has no locks",
          why: "two runs in one folder would not hear of each other",
          mend: "an --output-dir of its own for each run"))
    }
    if let lead = disk.clockLead, lead.magnitude > 2 {
      found.append(
        Finding(
          severity: .note, what: "the clock of \(name) is another one",
          why: "it is \(decimal(lead.magnitude, 0)) s \(lead > 0 ? "ahead of" : "behind") this machine's",
          mend: "chronyc tracking, here and on the file server"))
    }
    return found
  }

  /// 2025-01-01: a clock before that was never set.
  private static let leastMoment = 1_735_689_600.0

  fileprivate var surroundings: [Finding] {
    var found: [Finding] = []
    if now < Self.leastMoment {
      found.append(
        Finding(
          severity: .note, what: "the clock is not set",
          why: "it says \(localTime(now)), and so will names of runs",
          mend: "timedatectl set-ntp true"))
    }
    if let clockSource, ["hpet", "acpi_pm", "jiffies"].contains(clockSource) {
      found.append(
        Finding(
          severity: .slow, what: "a look at the clock is slow",
          why: "the kernel reads it from \(clockSource)",
          mend: "dmesg | grep -i tsc says why it does not take the processor's own"))
    }
    if !Canvas.standardOutput(environment).isUnicode {
      found.append(
        Finding(
          severity: .note, what: "curves are drawn in ASCII",
          why: "the locale or TERM does not promise UTF-8", mend: "export LANG=C.UTF-8"))
    }
    return found
  }
}

/// Bytes in the largest unit that leaves a number above 1.
func size(_ bytes: Int) -> String {
  let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
  var (value, unit) = (Double(bytes), 0)
  while value >= 1024, unit + 1 < units.count { (value, unit) = (value / 1024, unit + 1) }
  return "\(decimal(value, unit < 2 || value >= 100 ? 0 : 1)) \(units[unit])"
}
