import Collective
import Recipe

extension Supervisor {
  /// How far this attempt has come. The one place that knows where that is read.
  var progress: Progress? { launch.progress?.newest }

  /// The files and tails of an attempt's ranks.
  static func openOutputs(_ launch: Launch) throws(LaunchError) -> [RankOutput] {
    if launch.isLogged { try launch.logs?.make(attempt: launch.attempt) }
    var outputs: [RankOutput] = []
    for rank in 0..<launch.size {
      outputs.append(try RankOutput(rank: rank, logPath: launch.logPath(rank: rank)))
    }
    return outputs
  }

  /// New files, or none for this attempt: logs that cannot be kept end no run that was well on its way.
  private func reopenOutputs() throws(LaunchError) {
    launch.isLogged = true
    do throws(LaunchError) {
      outputs = try Self.openOutputs(launch)
    } catch {
      console.say("\(error) This attempt has no logs.")
      launch.isLogged = false
      outputs = try Self.openOutputs(launch)
    }
  }

  /// Gets another attempt ready; what stands in the way is reported for its workers, which then do not start.
  func prepare(_ attempt: Int) {
    obstacle = nil
    do throws(LaunchError) {
      try launch.advance(to: attempt)
      sockets = try .made(for: &launch)
      try reopenOutputs()
      liveness = try .make(launch)
      memory = try .memoryFile(for: launch.placement.meeting)
    } catch {
      obstacle = error
    }
    if memory == nil { launch.placement.meeting.memory = nil }
    processes = [:]
    areStacksWritten = false
    stoppedRanks = []
    memoryKills = MemoryKills()
    console.say(
      "attempt \(attempt)" + (launch.logFolder.map { ": logs in \($0)" } ?? ""))
  }
}

extension Launch {
  /// Another generation: workers of the one before, if any lived on, could not join its ring.
  mutating func advance(to attempt: Int) throws(LaunchError) {
    placement.meeting.generation = attempt
    placement.masterPort = try FreePort.find()
    if let resumption {
      arguments = resumption.arguments(first: firstArguments)
      resumption.cutLogs()
    }
    progress?.forget()
  }
}

extension SocketFolder {
  /// A new folder for the attempt that is to begin, which is where its ranks then meet.
  static func made(for launch: inout Launch) throws(LaunchError) -> SocketFolder {
    let folder = try SocketFolder(environment: launch.environment)
    launch.placement.meeting.directory = folder.path
    do {
      // What ranks over tcp know each other by.
      if launch.placement.meeting.transport == .tcp {
        try RingSecrets.write(to: folder.path, size: launch.size)
      }
    } catch {
      throw LaunchError("\(error)", exitCode: .inputOutput)
    }
    return folder
  }
}
