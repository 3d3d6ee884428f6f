internal import CLinux
internal import Glibc
internal import System

/// Ranks that no launcher of ours has started: whoever comes first makes the folder, and rank 0 the memory.
extension RingRendezvous {
  /// Makes the folder, and makes or finds the memory; `removeFolder` takes away what is made.
  mutating func makeMeetingPlace() throws(CollectiveError) {
    do throws(SocketPathLock.Refusal) {
      try makeFolder()
      memory = SharedMemory(descriptor: rank == 0 ? try offerMemory() : try findMemory())
    } catch {
      throw .setup(rank: rank, detail: error.detail)
    }
  }

  /// The ranks that have not come to the folder yet, for people: what an earlier start left there counts as come.
  ///
  /// Nil where there is no folder, as once all have met. Until rank 0 has brought the memory no other shows itself.
  public var absentRanks: [Int]? {
    guard access(directory, F_OK) == 0 else { return nil }
    guard access(memoryPath, F_OK) == 0 else { return [firstRank] }
    let absent = (0..<size).filter {
      access("\(RingGroup.socketPath(of: $0, in: directory)).lock", F_OK) != 0
    }
    return absent.map { firstRank + $0 }
  }

  /// Where rank 0 tells which memory all are to share: a link to its open file.
  var memoryPath: String { "\(directory)/memory" }

  private func makeFolder() throws(SocketPathLock.Refusal) {
    guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
      throw SocketPathLock.Refusal(detail: "cannot make the folder \(directory): \(errorText(errno))")
    }
    var status = stat()
    guard lstat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw SocketPathLock.Refusal(
        detail: "\(directory) is no folder; somebody else may have made it: remove it and start again")
    }
    try SocketPathLock.checkPrivate(directory: directory)
  }

  /// Makes the memory; it has no name, and ends with the last process that has it open.
  private func offerMemory() throws(SocketPathLock.Refusal) -> Int32 {
    let file = linux_memory_file("twins-gradients")
    guard file >= 0 else { throw SocketPathLock.Refusal(detail: "memfd_create: \(errorText(errno))") }
    // Whole at once, and in the place of what an earlier run may have left.
    let draft = "\(memoryPath).new"
    unlink(draft)
    guard symlink("/proc/\(getpid())/fd/\(file)", draft) == 0, rename(draft, memoryPath) == 0 else {
      throw SocketPathLock.Refusal(detail: "cannot make \(memoryPath): \(errorText(errno))")
    }
    return file
  }

  private func findMemory() throws(SocketPathLock.Refusal) -> Int32 {
    let deadline = ContinuousClock.now + self.deadline
    while true {
      let file = open(memoryPath, O_RDWR | O_CLOEXEC)
      if file >= 0 { return file }
      let failure = errno
      guard .now < deadline else {
        throw SocketPathLock.Refusal(
          detail: "rank \(firstRank) did not come to \(directory): \(errorText(failure)). See what it says")
      }
      // A link of an earlier run leads nowhere, and rank 0 will replace it.
      usleep(10_000)
    }
  }

  /// Takes the folder away, with what is in it.
  func removeFolder() {
    unlink(memoryPath)
    for rank in 0..<size {
      let path = RingGroup.socketPath(of: rank, in: directory)
      unlink(path)
      unlink("\(path).lock")
    }
    rmdir(directory)
  }
}
