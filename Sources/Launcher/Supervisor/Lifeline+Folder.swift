import FoundationEssentials
import Glibc
import Recipe
import WorkerLink

extension Lifeline {
  /// Ends this process when its launcher is gone, and takes away the rendezvous's folder, since the launcher cannot.
  static func watch(_ environment: [String: String], folder: String) {
    guard let descriptor = LauncherLink(environment: environment).lifeline else { return }
    watch(descriptor) {
      try? FileManager.default.removeItem(atPath: folder)
      _exit(ExitStatus.software.rawValue)
    }
  }
}
