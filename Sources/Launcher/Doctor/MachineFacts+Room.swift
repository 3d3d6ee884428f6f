import Drawing
import System

/// Findings about limits and memory.
extension MachineFacts {
  var room: [Finding?] { [fewDescriptors, fewThreads, littleAddressSpace, littleMemory, smallSharedMemory] }

  private var fewDescriptors: Finding? {
    // What a worker needs for its files and the sockets between ranks.
    let needed = max(Launch.descriptors(workers: workers), 64)
    guard let most = mostDescriptors, most < needed else { return nil }
    return Finding(
      .fails, "too few descriptors",
      why: "this user may have \(most), and a run of \(counted(workers, "worker")) takes \(needed)",
      mend: "ulimit -Hn 4096 as root; for a service LimitNOFILE=4096; for a container --ulimit nofile=4096")
  }

  private var fewThreads: Finding? {
    Launch.shortage(workers: workers, under: limits).map { shortage in
      Finding(
        .fails, "too few threads", why: "\(shortage)".prefix { $0 != "." }.description,
        mend: "ulimit -u 4096; for a service TasksMax=4096; for a container --pids-limit 4096")
    }
  }

  private var littleAddressSpace: Finding? {
    guard let bytes = limits.addressSpace, bytes < 4 << 30 else { return nil }
    return Finding(
      // The smallest network needs little more than 1 GiB.
      bytes < 1 << 30 ? .fails : .note, "too little address space",
      why: "this process may have \(size(bytes)) (ulimit -v), of which libtorch alone takes half a GiB",
      mend: "ulimit -v unlimited")
  }

  /// The measured memory of a worker with the smallest network, in bytes.
  private static let workerMemory = 300 << 20

  private var littleMemory: Finding? {
    let needed = workers * Self.workerMemory
    guard let memory = [memory.available, memory.limit].compactMap(\.self).min(), memory < needed else {
      return nil
    }
    return Finding(
      .fails, "too little memory",
      why:
        "\(size(memory)) can be had, and \(counted(workers, "worker")) of the smallest network take \(size(needed))",
      mend: "fewer workers (--nproc), or more memory for the container or service (--memory, MemoryMax)")
  }

  private var smallSharedMemory: Finding? {
    guard let shared = memory.sharedSize, shared < 1 << 30 else { return nil }
    return Finding(
      .note, "/dev/shm is small",
      why:
        "it has \(size(shared)); our workers do not use it, but NCCL's and PyTorch's loaders do, under --exec",
      mend: "docker run --shm-size 8g …, or mount -o remount,size=8g /dev/shm")
  }
}
