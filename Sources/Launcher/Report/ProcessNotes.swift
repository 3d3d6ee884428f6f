import FoundationEssentials
import Glibc
import System

/// What the kernel says of a process and its threads: also where they cannot say anything themselves.
enum ProcessNotes {
  /// A line for the process and one for each thread.
  static func lines(of process: pid_t) -> [String] {
    let folder = "/proc/\(process)"
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/task")) ?? []
    return ["pid \(process), state \(state(folder)), \(threads.count) threads"]
      + threads.sorted().map { thread in
        let task = "\(folder)/task/\(thread)"
        return "thread \(thread) (\(text("\(task)/comm"))): state \(state(task)), waits in \(place(task))"
      }
  }

  private static func state(_ folder: String) -> String {
    let line = text("\(folder)/status").split(separator: "\n").first { $0.hasPrefix("State:") }
    return line.map { $0.dropFirst("State:".count).drop { $0 == "\t" || $0 == " " } }.map(String.init)
      ?? "unknown"
  }

  /// Where in the kernel a thread waits; 0 while it computes.
  private static func place(_ folder: String) -> String {
    let place = text("\(folder)/wchan")
    return place.isEmpty || place == "0" ? "no call that the kernel names" : place
  }

  private static func text(_ path: String) -> String {
    (ProcFS.text(path) ?? "").split(separator: "\n").joined(separator: "\n")
  }
}
