import Collective
import Recipe

extension Launch {
  /// Another generation: workers of the one before, if any lived on, could not join its ring.
  mutating func advance(to attempt: Int) throws(LaunchError) {
    placement.rendezvous.generation = attempt
    placement.masterPort = try FreePort.find()
    if let resumption {
      task = resumption.task(first: firstTask)
      resumption.cutLogs()
    }
    progress?.forget()
  }
}

extension SocketFolder {
  /// A new folder for the attempt that is to begin, which is where its ranks then meet.
  static func made(for launch: inout Launch) throws(LaunchError) -> SocketFolder {
    let folder = try SocketFolder(environment: launch.environment)
    launch.placement.rendezvous.directory = folder.path
    do {
      // What ranks over tcp know each other by.
      if launch.placement.rendezvous.transport == .tcp {
        try RingSecrets.write(to: folder.path, size: launch.size)
      }
    } catch {
      throw LaunchError("\(error)", exitStatus: .inputOutput)
    }
    return folder
  }
}

extension RankOutput {
  /// The files and tails of an attempt's ranks.
  static func all(of launch: Launch) throws(LaunchError) -> [RankOutput] {
    if launch.isLogged { try launch.logs?.make(attempt: launch.attempt) }
    var outputs: [RankOutput] = []
    for rank in 0..<launch.size {
      outputs.append(try RankOutput(rank: rank, logPath: launch.logPath(rank: rank)))
    }
    return outputs
  }
}
