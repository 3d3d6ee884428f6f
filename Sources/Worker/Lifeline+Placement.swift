import Collective
import Foundation
import Recipe

extension Lifeline {
  /// Ends this worker when its launcher is gone; cleans the sockets' folder up, since the launcher cannot.
  static func watch(_ placement: Placement) {
    guard let descriptor = placement.lifeline else { return }
    let (rank, folder) = (placement.rank, placement.meeting?.directory)
    watch(descriptor) {
      if let folder { try? FileManager.default.removeItem(atPath: folder) }
      complain("rank \(rank): the launcher is gone, so this worker ends")
      _exit(ExitCode.software.rawValue)
    }
  }
}
