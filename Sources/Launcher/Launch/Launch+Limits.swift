import System

extension Launch {
  /// Makes room for the descriptors that the run takes, and throws where a limit leaves too few of anything.
  ///
  /// What cannot work is said once here, and not by every worker in words of the library that was the first to fail.
  func requireRoom() throws(LaunchError) {
    do throws(Shortage) {
      try Limits.require(
        descriptors: Self.descriptors(workers: size), for: "a launcher of \(counted(size, "worker"))")
      if let shortage = Self.shortage(workers: size, under: .now) { throw shortage }
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
