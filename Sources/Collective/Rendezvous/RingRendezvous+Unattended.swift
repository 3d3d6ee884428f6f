internal import CLinux
internal import Glibc
internal import System

/// Lets ranks that another launcher started meet: the first to come makes the folder, and rank 0 makes the
/// shared memory.
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

  /// The ranks that have not come to the folder yet, for messages to people; files of an earlier run count as
  /// come.
  ///
  /// Nil where the folder does not exist, as when all have met. Until rank 0 has offered the memory, only it
  /// is named.
  public var absentRanks: [Int]? {
    guard access(directory, F_OK) == 0 else { return nil }
    guard access(memoryPath, F_OK) == 0 else { return [firstRank] }
    let absent = (0..<size).filter {
      access("\(RingGroup.socketPath(of: $0, in: directory)).lock", F_OK) != 0
    }
    return absent.map { firstRank + $0 }
  }

  /// The link through which rank 0 shows the others its memory file.
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

  /// Makes the shared memory: a file without a name, which lives until the last process that has it open
  /// ends.
  private func offerMemory() throws(SocketPathLock.Refusal) -> Int32 {
    let file = linux_memory_file("twins-gradients")
    guard file >= 0 else { throw SocketPathLock.Refusal(detail: "memfd_create: \(errorText(errno))") }
    // Made under another name and renamed: readers see the whole link, and an earlier run's link is replaced.
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
      // An earlier run's link leads nowhere until rank 0 replaces it.
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
