import Drawing
import System

/// Findings about programs and processors.
extension MachineFacts {
  var compute: [Finding?] {
    [
      brokenWorker, hiddenCards, misnamedCards, missingKernels, savedPower, otherLoad, sharedProcessors,
      singleThread,
    ]
  }

  private var brokenWorker: Finding? {
    fault.map { fault in
      Finding(
        .fails, "the worker program does not run", why: masked(fault),
        mend: "make setup build, or name another one in TWINS_WORKER")
    }
  }

  private var hiddenCards: Finding? {
    runtime?.note.map { note in
      Finding(
        .slow, "training computes on the CPU, beside cards", why: note,
        mend: "twins-launch devices says what libtorch sees")
    }
  }

  private var misnamedCards: Finding? {
    cards.compactMap(\.fault).first.map { fault in
      Finding(
        .slow, "a variable names what is no card", why: fault,
        mend: "unset it, or name cards by their numbers")
    }
  }

  private var missingKernels: Finding? {
    guard let runtime, runtime.kernels == nil else { return nil }
    return Finding(
      .slow, "the block's own kernels do not run",
      why: "this processor has no AVX2, so libtorch's operations do all of the work",
      mend: "a machine with AVX2, better AVX-512")
  }

  private var savedPower: Finding? {
    guard processor.governor == "powersave", runtime?.cuda == 0 else { return nil }
    return Finding(
      .note, "the kernel saves power", why: "clocks may stay low where work comes in bursts",
      mend: "cpupower frequency-set -g performance")
  }

  private var otherLoad: Finding? {
    guard let load = processor.load, load > 1.5 * Double(processor.all) else { return nil }
    return Finding(
      .slow, "other programs compute here",
      why: "\(decimal(load, 1)) threads want to run, on \(counted(processor.all, "processor"))",
      mend: "top -o %CPU names them")
  }

  private var sharedProcessors: Finding? {
    guard processor.usable < workers, cards.isEmpty else { return nil }
    return Finding(
      .slow, "\(counted(workers, "worker")) share \(counted(processor.usable, "processor"))",
      why: processor.usable < processor.all
        ? "the control group's quota allows no more of \(processor.all)" : "there are no more",
      mend: "--nproc \(processor.usable), which does the same updates with a larger --batch-size")
  }

  private var singleThread: Finding? {
    guard workers == 1, processor.usable > 1, environment["OMP_NUM_THREADS"] == "1", cards.isEmpty else {
      return nil
    }
    return Finding(
      .slow, "a worker has one thread of \(processor.usable)", why: "OMP_NUM_THREADS=1 says so",
      mend: "unset OMP_NUM_THREADS, or --threads-per-worker \(processor.usable)")
  }
}
