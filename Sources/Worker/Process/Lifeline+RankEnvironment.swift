import Collective
import Foundation
import Recipe
import WorkerLink

extension Lifeline {
  /// Ends this worker when its launcher dies; also removes the sockets' folder, which the launcher no longer
  /// can.
  static func watch(_ placement: RankEnvironment) {
    guard let descriptor = placement.lifeline else { return }
    let (rank, folder, log) = (placement.rank, placement.rendezvous?.directory, placement.log)
    watch(descriptor) {
      if let folder { try? FileManager.default.removeItem(atPath: folder) }
      let reason = "rank \(rank): the launcher is gone, so this worker ends"
      Console.warn(reason)
      if let log { UnreadOutput.save(to: log, endingWith: "twins-worker: \(reason)\n") }
      _exit(ExitStatus.software.rawValue)
    }
  }
}
