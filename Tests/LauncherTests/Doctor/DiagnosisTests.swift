import System
import Testing
import TestSupport

@testable import Launcher
@testable import RunControl

/// What is said of machines that are not here.
@Suite struct DiagnosisTests {
  @Test func `a machine that is well has no findings`() {
    let diagnosis = Diagnosis(well)
    #expect(diagnosis.findings.isEmpty && !diagnosis.isFatal, "\(diagnosis.findings)")
    let lines = DoctorReport(facts: well, diagnosis: diagnosis).lines
    #expect(lines.last == "nothing here will fail or be slow, as far as can be told")
  }

  @Test func `a worker that does not run is fatal`() {
    var facts = well
    (facts.runtime, facts.fault) = (nil, "no libtorch")
    #expect(said(of: facts) == ["fails: the worker program does not run"])
    #expect(Diagnosis(facts).isFatal)
  }

  @Test func `cards that libtorch does not see are slow`() {
    var facts = well
    facts.runtime?.note = "computing on the CPU, though this machine has 8 NVIDIA cards"
    #expect(said(of: facts) == ["slow: training computes on the CPU, beside cards"])
    #expect(!Diagnosis(facts).isFatal)
  }

  @Test func `a variable that names what is no card is told`() {
    var facts = well
    facts.cards = [Cards(of: .nvidia, files: ["nvidia0"], environment: ["CUDA_VISIBLE_DEVICES": "garbage"])]
    #expect(said(of: facts) == ["slow: a variable names what is no card"])
  }

  @Test func `an old processor, a full machine and a quota are slow`() {
    var facts = well
    facts.runtime?.kernels = nil
    facts.processor.load = 40
    facts.processor.usable = 2
    facts.workers = 8
    #expect(
      said(of: facts) == [
        "slow: the block's own kernels do not run", "slow: other programs compute here",
        "slow: 8 workers share 2 processors",
      ])
  }

  @Test func `limits that are too low are fatal, with what raises them`() {
    var facts = well
    facts.workers = 8
    facts.mostDescriptors = 64
    facts.limits = Limits(descriptors: 64, threads: 20, addressSpace: 1 << 29)
    facts.memory.limit = 1 << 30
    #expect(
      said(of: facts) == [
        "fails: too few descriptors", "fails: too few threads", "fails: too little address space",
        "fails: too little memory",
      ])
    #expect(Diagnosis(facts).findings.allSatisfy { !$0.mend.isEmpty && !$0.why.isEmpty })
    facts.workers = 1
    facts.memory.limit = 1 << 30
    #expect(!said(of: facts).contains("fails: too little memory"), "one worker has room")
  }

  @Test func `a disk that is full, slow, closed or far away is told`() {
    var facts = well
    facts.disk?.obstacle = "Read-only file system"
    facts.disk?.syncSeconds = 0.9
    facts.disk?.hasLocks = false
    facts.disk?.clockLead = -120
    #expect(
      said(of: facts) == [
        "fails: nothing can be written to out", "slow: out is slow to keep what is written",
        "note: out has no locks", "note: the clock of out is another one",
      ])
    facts.disk = DiskFacts()
    #expect(said(of: facts).isEmpty, "what is not known is no fault")
  }

  @Test func `surroundings are notes, but for a slow clock`() {
    var facts = well
    facts.now = 100
    facts.clockSource = "hpet"
    facts.environment = [:]
    facts.memory.sharedSize = 64 << 20
    #expect(
      said(of: facts) == [
        "slow: a look at the clock is slow", "note: /dev/shm is small", "note: the clock is not set",
        "note: curves are drawn in ASCII",
      ])
  }

  @Test func `facts are read from the kernel's texts`() {
    let texts = [
      "/proc/cpuinfo": "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nflags\t\t: fpu avx2 fma avx512f\n",
      "/proc/meminfo": "MemTotal: 1000 kB\nMemAvailable: 500 kB\n", "/proc/loadavg": "1.50 1.00 0.50 1/2 3\n",
      "/proc/self/cgroup": "0::/a/b\n", "/sys/fs/cgroup/a/memory.max": "max\n",
      "/sys/fs/cgroup/a/b/memory.max": "512000\n",
    ]
    let processor = ProcessorFacts { texts[$0] }
    #expect(processor.name == "Some CPU @ 2 GHz" && processor.instructions == ["avx2", "fma", "avx512f"])
    #expect(processor.load == 1.5 && processor.governor == nil)
    let memory = MemoryFacts { texts[$0] }
    #expect(memory.total == 1_024_000 && memory.available == 512_000 && memory.limit == 512_000)
    #expect(MemoryFacts { _ in nil }.limit == nil)
  }

  @Test func `a disk is measured and left as it was`() throws {
    let folder = try temporaryFolder()
    defer { removeFolder(folder) }
    let disk = DiskFacts(of: "\(folder)/not/there/yet")
    #expect(disk.obstacle == nil && disk.syncSeconds ?? -1 >= 0 && disk.speed ?? 0 > 0 && disk.space != nil)
    #expect(names(in: folder).isEmpty)
    #expect(DiskFacts(of: "/proc/nothing").obstacle != nil)
  }

  @Test func `scripts read every fact that people do`() throws {
    let report = DoctorReport(facts: well, diagnosis: Diagnosis(well))
    let facts = report.document.facts
    #expect(facts.count == 10 && facts["kernels"]?.hasPrefix("AVX-512; ") == true)
    for (name, text) in facts {
      #expect(report.lines.contains { $0.hasPrefix(name + " ") && $0.hasSuffix("  " + text) }, "\(name)")
    }
    #expect(try controlLine(report.document).contains(#""locale":"C.UTF-8""#))
  }

  @Test func `bytes are told in units`() {
    #expect(
      [0, 1023, 1024, 300 << 20, 3 << 29].map(size) == [
        "0 bytes", "1023 bytes", "1 KiB", "300 MiB", "1.5 GiB",
      ])
  }

  private func said(of facts: MachineFacts) -> [String] {
    Diagnosis(facts).findings.map { "\($0.severity.rawValue): \($0.what)" }
  }

  private var well: MachineFacts {
    var facts = MachineFacts()
    facts.worker = "/opt/twins-worker"
    facts.runtime = WorkerRuntime(
      libtorch: "2.13.0", libtorchPath: "/opt/libtorch.so", builtForCuda: false, instructionSet: "AVX512",
      kernels: "AVX-512", bfloat16Products: "dot products of pairs", compiler: "clang", cuda: 0, npu: 0)
    facts.processor.all = 8
    facts.processor.usable = 8
    facts.processor.load = 1
    facts.memory.total = 64 << 30
    facts.memory.available = 60 << 30
    facts.memory.sharedSize = 32 << 30
    facts.mostDescriptors = 4096
    facts.disk = DiskFacts()
    facts.disk?.folder = "out"
    facts.disk?.syncSeconds = 0.002
    facts.disk?.hasLocks = true
    facts.disk?.clockLead = 0
    facts.clockSource = "tsc"
    facts.now = 1_800_000_000
    facts.environment = ["LANG": "C.UTF-8"]
    return facts
  }
}
